internal import Glibc

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
