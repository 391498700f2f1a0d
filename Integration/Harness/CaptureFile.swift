import Glibc
import TemporaryFiles

/// A file without a name that a process writes to or reads from; it never blocks.
final class CaptureFile {
    let descriptor: Int32

    init() throws(ScenarioFailure) {
        descriptor = try Self.open()
    }

    /// A file that holds the text, to be read from its beginning.
    convenience init(holding text: String) throws(ScenarioFailure) {
        try self.init()
        var bytes = Array(text.utf8)[...]
        var offset = 0
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, offset) }
            guard written > 0 else { throw SystemCall.failure("pwrite") }
            bytes.removeFirst(written)
            offset += written
        }
    }

    private static func open() throws(ScenarioFailure) -> Int32 {
        var path = Array("\(TemporaryFolder.parent)/capture.XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { throw SystemCall.failure("mkstemp") }
        unlink(path)
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw SystemCall.failure("fcntl") }
        return descriptor
    }

    deinit { close(descriptor) }

    /// Everything written so far. What is not UTF-8 shows as replacement characters.
    func text() -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = chunk.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, bytes.count) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
