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
