package import Netlink

/// What errors of the kernel mean to people, with the remedy.
package enum ErrorText {
    /// One line on a failed conversation with the kernel.
    package static func describe(_ error: NetlinkError) -> String {
        guard error.kind != .familyMissing else {
            return error.message ?? "the kernel has no IPVS: modprobe ip_vs, or see 'ipvsync doctor'"
        }
        return "\(error.operation): \(error.reason)"
    }
}
