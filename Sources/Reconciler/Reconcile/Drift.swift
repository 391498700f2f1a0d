internal import LoadBalancing

/// A difference between the kernel and what we left there: the work of somebody else.
package struct Drift: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case virtualServerMissing = "virtual_server_missing"
        case virtualServerChanged = "virtual_server_changed"
        case realServerMissing = "real_server_missing"
        case realServerChanged = "real_server_changed"
        /// A real server that nobody declared in a virtual server of ours.
        case realServerUnknown = "real_server_unknown"
        /// Connection timeouts or synchronisation daemons.
        case settings
    }

    package let kind: Kind
    /// What puts it right.
    package let change: Change
}

/// What is done about drift.
package enum DriftPolicy: String, Hashable, Sendable, CaseIterable {
    /// It is put right.
    case repair
    /// It is told of and counted; the next declared change of the virtual server puts it right.
    case report
    /// Nobody looks for it.
    case ignore
}

extension Plan {
    /// What others did, if nothing has been declared since the last sync; what leaves by itself is none of it.
    ///
    /// - Parameter ledger: The ledger before this plan.
    package func drift(since ledger: Ledger) -> [Drift] {
        var missing: Set<VirtualServerKey> = []
        return changes.compactMap { change in
            if case .addVirtualServer(let server) = change.operation { missing.insert(server.key) }
            return kind(of: change, missing, ledger).map { Drift(kind: $0, change: change) }
        }
    }

    private func kind(of change: Change, _ missing: Set<VirtualServerKey>, _ ledger: Ledger) -> Drift.Kind? {
        switch change.operation {
        case .addVirtualServer: .virtualServerMissing
        case .editVirtualServer: .virtualServerChanged
        // The real servers of a missing virtual server went with it.
        case .addRealServer(_, let key): missing.contains(key) ? nil : .realServerMissing
        case .editRealServer(let server, let key):
            change.kind == .drain && ledger.drainStart(of: server.endpoint, in: key) == nil
                ? .realServerUnknown : .realServerChanged
        case .moveRealServer: .realServerChanged
        case .removeRealServer(let endpoint, let key):
            ledger.drainStart(of: endpoint, in: key) == nil ? .realServerUnknown : nil
        case .removeVirtualServer: nil
        case .setTimeouts, .startSyncDaemon, .stopSyncDaemon: .settings
        }
    }
}
