package import Netlink

/// Why a sync could not be carried out as a whole.
package enum SyncError: Error, Hashable, Sendable {
    /// The conversation with the kernel failed; what was carried out is found by the next look.
    case kernel(NetlinkError)
    /// The ledger could not be read or written; nothing was changed after that.
    case state(StateError)
}

extension SyncError: CustomStringConvertible {
    /// One line, with the remedy.
    package var description: String {
        switch self {
        case .kernel(let error): ErrorText.describe(error)
        case .state(let error): error.description
        }
    }
}
