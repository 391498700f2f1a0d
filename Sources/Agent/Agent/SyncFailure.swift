internal import Glibc
package import LoadBalancing
package import Netlink

/// An operation that the kernel refused, with those that failed only because of it.
package struct SyncFailure: Hashable, Sendable {
    package let cause: OperationFailure
    /// Real servers that could not be added because their virtual server could not.
    package let dependentRealServers: Int

    /// Folds the real servers of a virtual server that could not be added into its failure.
    static func summarize(_ failures: [OperationFailure]) -> [SyncFailure] {
        var dependents: [VirtualServerKey: Int] = [:]
        var roots: [OperationFailure] = []
        for failure in failures {
            if case .addVirtualServer(let virtualServer) = failure.operation { dependents[virtualServer.key] = 0 }
        }
        for failure in failures {
            if case .addRealServer(_, let key) = failure.operation, failure.errno == ESRCH, let count = dependents[key]
            {
                dependents[key] = count + 1
            } else {
                roots.append(failure)
            }
        }
        return roots.map { root in
            guard case .addVirtualServer(let virtualServer) = root.operation else {
                return SyncFailure(cause: root, dependentRealServers: 0)
            }
            return SyncFailure(cause: root, dependentRealServers: dependents[virtualServer.key] ?? 0)
        }
    }
}

extension SyncFailure: CustomStringConvertible {
    /// One line: the object, what was refused, why, and the remedy.
    package var description: String {
        let dependents = dependentRealServers == 0 ? "" : " (nor its \(dependentRealServers) real servers)"
        let explanation = cause.kernelMessage.map { " (\($0))" } ?? ""
        return "\(subject)\(dependents): \(reason)\(explanation)"
    }

    private var subject: String {
        switch cause.operation {
        case .addVirtualServer(let server): "\(server.key): cannot be added"
        case .editVirtualServer(let server): "\(server.key): cannot be edited"
        case .removeVirtualServer(let key): "\(key): cannot be removed"
        case .addRealServer(let server, let key): "\(key): real server \(server.endpoint) cannot be added"
        case .editRealServer(let server, let key): "\(key): real server \(server.endpoint) cannot be edited"
        case .removeRealServer(let endpoint, let key): "\(key): real server \(endpoint) cannot be removed"
        case .moveRealServer(let server, let key):
            "\(key): real server \(server.endpoint) cannot be moved to its place, which is the same on every node"
        case .setTimeouts: "timeouts: cannot be set"
        case .startSyncDaemon(let daemon): "sync daemon \(daemon.role): cannot be started on \(daemon.interface)"
        case .stopSyncDaemon(let daemon): "sync daemon \(daemon.role): cannot be stopped"
        }
    }

    private var reason: String {
        switch (cause.operation, cause.errno) {
        case (.addVirtualServer(let server), ENOENT), (.editVirtualServer(let server), ENOENT):
            unknownModule(server)
        case (.startSyncDaemon, ENODEV): "there is no such interface; see 'ip link'"
        case (.startSyncDaemon, EINVAL):
            "the kernel takes no such daemon; it allows none while real servers of the other address family are tunnelled"
        case (.addRealServer, EINVAL), (.editRealServer, EINVAL):
            "invalid; an address of the other family needs forwarding: tunnel, and no running sync daemon"
        case (.moveRealServer, EPERM):
            "connections would be lost meanwhile; set net.ipv4.vs.expire_nodest_conn to 0, or have network.sysctls see to it"
        case (_, EPERM): "not permitted; run as root or with CAP_NET_ADMIN"
        case (_, EEXIST): "something else added it at the same moment, again and again; find the other writer"
        case (_, ESRCH): "something else removes the virtual server again and again; find the other writer"
        case (_, ERANGE): "weight or thresholds are out of range"
        case (_, EAFNOSUPPORT): "this kernel's IPVS does not have that address family; build it with CONFIG_IP_VS_IPV6"
        case (_, ENOMEM): "the kernel has no memory for it"
        default: ErrnoText.words(cause.errno)
        }
    }

    private func unknownModule(_ server: VirtualServer) -> String {
        let engine = server.engine.map { " or engine \($0) (modprobe ip_vs_pe_\($0))" } ?? ""
        return "the kernel does not have scheduler \(server.scheduler.name) (modprobe ip_vs_\(server.scheduler.name))"
            + engine + "; see 'ipvsync doctor'"
    }
}

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
        case .moveRealServer: errno == EEXIST || errno == ESRCH
        case .removeVirtualServer, .removeRealServer, .setTimeouts, .startSyncDaemon, .stopSyncDaemon: false
        }
    }
}
