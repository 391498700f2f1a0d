internal import Glibc
internal import LoadBalancing

extension OperationFailure {
    /// Whether the operation's aim was reached although the kernel refused it: what was to go had gone.
    var isDone: Bool {
        switch operation {
        case .removeVirtualServer, .stopSyncDaemon: errno == ESRCH
        case .removeRealServer: errno == ENOENT || errno == ESRCH
        default: false
        }
    }

    /// Whether somebody else changed the tables between our look and our change, so that another look helps.
    var isConflict: Bool {
        switch operation {
        case .addVirtualServer: errno == EEXIST
        case .editVirtualServer: errno == ESRCH
        case .addRealServer: errno == EEXIST || errno == ESRCH
        case .editRealServer: errno == ENOENT || errno == ESRCH
        case .removeVirtualServer, .removeRealServer, .setTimeouts, .startSyncDaemon, .stopSyncDaemon: false
        }
    }
}
