internal import Glibc

/// A conversation with the kernel that failed as a whole.
///
/// What the kernel refuses for one operation of a batch is not an error of the conversation: see ``BatchFailure``.
package struct NetlinkError: Error, Hashable, Sendable {
    /// What went wrong.
    package enum Kind: Hashable, Sendable {
        /// The receive queue overflowed (`ENOBUFS`): answers are gone, the operations may have been carried out.
        case answersLost
        /// No answer within the socket's time limit.
        case timedOut
        /// The table changed during every attempt to dump it (`NLM_F_DUMP_INTR`).
        case dumpInterrupted
        /// A datagram was larger than the receive buffer.
        case truncated
        /// The kernel's answer does not follow the protocol.
        case malformed
        /// The kernel has no such generic netlink family or subsystem: its module is not there.
        case familyMissing
        /// The kernel refused the request with that errno.
        case refused(Int32)
        /// A system call failed with that errno.
        case system(Int32)
    }

    package let kind: Kind
    /// What was being done, for people: `dump virtual servers`.
    package let operation: String
    /// The kernel's extended acknowledgement, or what was malformed.
    package let message: String?

    package init(_ kind: Kind, operation: String, message: String? = nil) {
        self.kind = kind
        self.operation = operation
        self.message = message
    }

    /// The errno, where the kernel gave one.
    package var errno: Int32? {
        switch kind {
        case .refused(let code), .system(let code): code
        default: nil
        }
    }
}

/// The C library's words for an errno.
package enum ErrnoText {
    package static func words(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "errno \(code)"
    }
}

extension NetlinkError {
    /// Why it failed, for people, with the remedy where there is one; not what was being done.
    package var reason: String {
        let explanation = message.map { " (\($0))" } ?? ""
        return switch kind {
        case .familyMissing: message ?? "the kernel has no such netlink family: a module is missing"
        case .refused(EPERM), .system(EPERM): "not permitted: run as root or with CAP_NET_ADMIN\(explanation)"
        case .answersLost: "the kernel's answers were lost; what was carried out is found by looking again"
        case .timedOut: "the kernel did not answer in time"
        case .dumpInterrupted: "\(message ?? "the table kept changing"); try again"
        case .truncated: "an answer was too long for the receive buffer"
        case .malformed: "the kernel's answer makes no sense\(explanation)"
        case .refused(let code), .system(let code): "\(ErrnoText.words(code))\(explanation)"
        }
    }
}

/// One message of a batch that the kernel refused.
package struct BatchFailure: Hashable, Sendable {
    /// The position in the batch, from 0.
    package let index: Int
    /// The kernel's errno, positive.
    package let errno: Int32
    /// The kernel's explanation, if it sent one.
    package let message: String?

    package init(index: Int, errno: Int32, message: String? = nil) {
        self.index = index
        self.errno = errno
        self.message = message
    }
}
