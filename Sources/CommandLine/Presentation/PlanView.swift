package import Agent
package import HealthChecks
internal import LoadBalancing
package import Reconcile

/// What a sync did, or would do, grouped by virtual server.
package struct PlanView: Presentable {
    let report: SyncReport
    let names: [VirtualServerKey: String]
    let isPreview: Bool
    let showsChanges: Bool
    let overrides: Overrides

    /// - Parameters:
    ///   - names: The declared names.
    ///   - isPreview: Whether nothing was changed yet.
    ///   - showsChanges: Whether the document lists them, or has only the totals.
    ///   - overrides: What is said by hand, and part of what is wanted.
    package init(
        _ report: SyncReport, names: Ledger, isPreview: Bool, showsChanges: Bool = true,
        overrides: Overrides = Overrides()
    ) {
        self.overrides = overrides
        self.report = report
        self.names = names.virtualServers.compactMapValues(\.name)
        self.isPreview = isPreview
        self.showsChanges = showsChanges
    }

    /// The changes of one virtual server, its own first.
    struct Group {
        let key: VirtualServerKey
        var own: Change?
        var realServers: [Change] = []
    }

    /// Sorted by key, the real servers' changes by endpoint.
    var groups: [Group] {
        var groups: [VirtualServerKey: Group] = [:]
        for change in report.changes {
            guard let key = change.operation.key else { continue }
            if change.realServer == nil {
                groups[key, default: Group(key: key)].own = change
            } else {
                groups[key, default: Group(key: key)].realServers.append(change)
            }
        }
        return groups.values.sorted { $0.key < $1.key }.map { group in
            var sorted = group
            sorted.realServers.sort { left, right in
                (left.realServer ?? group.noEndpoint) < (right.realServer ?? group.noEndpoint)
            }
            return sorted
        }
    }

    /// Changes of the namespace: timeouts and synchronisation daemons.
    var settings: [Change] { report.changes.filter { $0.operation.key == nil } }
}

extension PlanView.Group {
    fileprivate var noEndpoint: Endpoint { Endpoint(IPAddress(v4: 0), port: 0) }
}

extension Change {
    /// The real server that is changed; `nil` for a change of the virtual server itself.
    var realServer: Endpoint? {
        switch operation {
        case .addRealServer(let server, _), .editRealServer(let server, _), .moveRealServer(let server, _):
            server.endpoint
        case .removeRealServer(let endpoint, _): endpoint
        default: nil
        }
    }

    /// What is said of it beside the edited fields.
    var detail: String {
        switch operation {
        case .addVirtualServer(let server):
            "scheduler \(SettingText.scheduler(server))"
                + (server.persistence == nil && server.engine == nil
                    ? "" : ", persistence \(SettingText.persistence(server))")
        case .addRealServer(let server, _): "\(server.forwarding), weight \(server.weight)"
        case .startSyncDaemon(let daemon): "sync daemon \(daemon.role) on \(daemon.interface)"
        case .stopSyncDaemon(let daemon): "sync daemon \(daemon.role) on \(daemon.interface)"
        case .setTimeouts: "timeouts"
        case .removeVirtualServer where !droppedRealServers.isEmpty:
            "with \(droppedRealServers.count) real server\(droppedRealServers.count == 1 ? "" : "s")"
        default: ""
        }
    }
}
