internal import Netlink

/// Why the rules could not be read or changed.
package struct NFTablesError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    package let operation: String
    /// What `nft` or the kernel said, or why neither could be asked.
    package let message: String

    package init(operation: String, message: String) {
        self.operation = operation
        self.message = message
    }

    /// A conversation with the kernel that failed.
    init(_ error: NetlinkError) {
        self.init(
            operation: error.operation,
            message: error.kind == .familyMissing ? "the kernel has no nftables: modprobe nf_tables" : error.reason)
    }

    package var description: String { "\(operation): \(message)" }
}
