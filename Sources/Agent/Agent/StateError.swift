internal import Netlink

/// What went wrong with the files in which ipvsync remembers what is its own.
package struct StateError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case unreadable(Int32)
        case unwritable(Int32)
        /// The content makes no sense, in that line.
        case corrupt(line: Int)
        /// Somebody else could have written it: why.
        case untrusted(String)
        /// Another run holds the lock.
        case locked
        /// The disk takes longer than anybody waits for it.
        case late
    }

    package let kind: Kind
    package let path: String
    package let remedy: String?

    package init(_ kind: Kind, path: String, remedy: String? = nil) {
        self.kind = kind
        self.path = path
        self.remedy = remedy
    }
}

extension StateError: CustomStringConvertible {
    /// `/run/ipvsync/ledger-1: cannot be written: No space left on device; …`.
    package var description: String {
        let problem =
            switch kind {
            case .unreadable(let code): "cannot be read: \(ErrnoText.words(code))"
            case .unwritable(let code): "cannot be written: \(ErrnoText.words(code)); nothing is changed until it can"
            case .corrupt(let line): "line \(line) makes no sense"
            case .untrusted(let reason): "is not trusted: \(reason)"
            case .late: "is not written yet; the disk does not answer"
            case .locked: "another ipvsync is at work in this network namespace"
            }
        return "\(path): \(problem)" + (remedy.map { "; \($0)" } ?? "")
    }
}
