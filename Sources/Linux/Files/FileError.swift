internal import Glibc

/// Why a file is not used.
package struct FileError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The system call's `errno`.
        case system(Int32)
        /// It is something else than a regular file: `a FIFO`.
        case notRegular(String)
        /// It has more bytes than that.
        case tooLong(limit: Int)
        /// Somebody else could have written it, or can: why.
        case untrusted(String)
    }

    package let kind: Kind
    package let path: String

    init(_ kind: Kind, path: String) {
        self.kind = kind
        self.path = path
    }

    /// The error of the last system call.
    static func last(_ path: String) -> FileError { FileError(.system(errno), path: path) }
}
