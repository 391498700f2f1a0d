internal import Glibc

/// A token, a password or a key: held in one place, never shown, and wiped when its last owner goes.
///
/// What libcurl and OpenSSL make of it while they use it is theirs.
package final class Secret: @unchecked Sendable {
    // Written by nobody once it is made: so it may be shared between threads.
    private let storage: UnsafeMutableRawBufferPointer

    /// How many bytes it has.
    package var count: Int { storage.count - 1 }

    /// Takes bytes over and wipes them where they were.
    ///
    /// - Parameter bytes: Held by nobody else: a second owner keeps a copy of its own.
    package init(taking bytes: inout [UInt8]) {
        storage = Self.storage(bytes)
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
        }
        bytes = []
    }

    package init(_ text: String) {
        storage = Self.storage(text.utf8)
    }

    deinit {
        if let base = storage.baseAddress { explicit_bzero(base, storage.count) }
        storage.deallocate()
    }

    /// With a NUL at the end, as C takes texts.
    private static func storage(_ bytes: some Collection<UInt8>) -> UnsafeMutableRawBufferPointer {
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
        storage.copyBytes(from: bytes)
        storage[bytes.count] = 0
        return storage
    }

    /// Lends the bytes, for the time of the call.
    package func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
    }

    /// Lends it as a text of C, for the time of the call.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        storage.withMemoryRebound(to: CChar.self) { text in
            guard let base = text.baseAddress else { preconditionFailure("a secret without a closing NUL") }
            return body(base)
        }
    }

    /// A secret that begins with a text: a header with its value.
    func preceded(by text: String) -> Secret {
        let whole = Secret(count: text.utf8.count + count)
        whole.storage.copyBytes(from: text.utf8)
        withBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: whole.storage[text.utf8.count...]).copyMemory(from: bytes)
        }
        return whole
    }

    private init(count: Int) {
        storage = UnsafeMutableRawBufferPointer.allocate(byteCount: count + 1, alignment: 1)
        storage[count] = 0
    }
}

extension Secret: Hashable {
    package static func == (left: Secret, right: Secret) -> Bool {
        left.withBytes { left in right.withBytes { right in left.elementsEqual(right) } }
    }

    package func hash(into hasher: inout Hasher) { withBytes { hasher.combine(bytes: $0) } }
}

/// Whoever prints or dumps it sees that there is one, and nothing of it.
extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "(secret)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
