internal import Glibc
package import Netlink

/// What errors of the kernel mean to people, with the remedy.
package enum ErrorText {
    /// One line on a failed conversation with the kernel.
    package static func describe(_ error: NetlinkError) -> String {
        let explanation = error.message.map { " (\($0))" } ?? ""
        switch error.kind {
        case .familyMissing:
            return "the kernel has no IPVS: modprobe ip_vs, or see 'ipvsync doctor'"
        case .refused(EPERM), .system(EPERM):
            return "\(error.operation): not permitted: run as root or with CAP_NET_ADMIN"
        case .answersLost:
            return "\(error.operation): the kernel's answers were lost; what was carried out is found by looking again"
        case .timedOut:
            return "\(error.operation): the kernel did not answer in time"
        case .dumpInterrupted:
            return "\(error.operation): \(error.message ?? "the table kept changing"); try again"
        case .truncated:
            return "\(error.operation): an answer was too long for the receive buffer"
        case .malformed:
            return "\(error.operation): the kernel's answer makes no sense\(explanation)"
        case .refused(let code), .system(let code):
            return "\(error.operation): \(name(code))\(explanation)"
        }
    }

    /// The C library's words for an errno.
    package static func name(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "errno \(code)"
    }
}
