internal import NFTables
package import Netlink
package import NodeNetwork

/// What becomes of connection tracking when the rules go that need it.
package enum TrackingChange: Hashable, Sendable, CustomStringConvertible {
    /// It is kept on for that many open connections; `nil` when they cannot be counted.
    case hold(connections: Int?)
    /// The last of them has ended.
    case release

    package var description: String {
        switch self {
        case .hold(let connections):
            "table \(TrackingTable.description): keeps connection tracking on for \(Self.text(connections))"
        case .release: "table \(TrackingTable.description): no open connection needs it any more"
        }
    }

    static func text(_ connections: Int?) -> String {
        switch connections {
        case nil: "connections that were masqueraded or redirected, which cannot be counted"
        case 1: "1 open connection that was masqueraded or redirected"
        case let count?: "\(count) open connections that were masqueraded or redirected"
        }
    }
}

// Connections that rules translated which go: they are cut where nothing else keeps connection tracking on.
extension DataPathKeeper {
    /// Plans to keep tracking on before our rules go, and to let go of it once the last connection has ended.
    ///
    /// - Parameter keepsConnections: Whether connections matter at all.
    func planTracking(keepsConnections: Bool, _ report: inout DataPathReport) {
        guard let tracking else { return }
        do throws(NFTablesError) {
            let isHeld = try tracking.isHeld()
            holdsTracking = isHeld
            guard isHeld || report.plan.firewall != nil else { return }
            let connections = keepsConnections ? translatedConnections : 0
            if connections == 0 {
                if isHeld { report.plan.tracking = .release }
            } else if !isHeld {
                report.plan.tracking = .hold(connections: connections)
            }
        } catch {
            report.fail(.rules, error.description)
        }
    }

    /// Does what is planned about tracking. Where it cannot be kept on, the rules stay.
    func applyTracking(_ report: inout DataPathReport) {
        guard let tracking, let change = report.plan.tracking else { return }
        do throws(NFTablesError) {
            switch change {
            case .hold:
                try tracking.hold()
                holdsTracking = true
            case .release:
                try tracking.release()
                holdsTracking = false
            }
        } catch {
            report.plan.tracking = nil
            guard case .hold(let connections) = change else { return report.fail(.rules, error.description) }
            report.plan.firewall = nil
            report.fail(
                .rules,
                "the table inet ipvsync stays until they end, or it would cut \(TrackingChange.text(connections)): "
                    + "\(error)")
        }
    }

    /// Lets go of tracking where our rules keep it on again.
    func dropSuperfluousHold(_ report: inout DataPathReport) {
        guard let tracking, known != nil, holdsTracking != false else { return }
        do throws(NFTablesError) {
            if try tracking.isHeld() {
                try tracking.release()
                report.plan.tracking = .release
            }
            holdsTracking = false
        } catch {
            report.fail(.rules, error.description)
        }
    }

    /// How many connections would be cut; `nil` when nobody knows.
    private var translatedConnections: Int? {
        guard let tracker else { return 0 }
        do throws(NetlinkError) {
            return try tracker.translatedConnections()
        } catch {
            return error.kind == .familyMissing ? 0 : nil
        }
    }
}

// MARK: - Rules of others

extension DataPathKeeper {
    /// Keeps tracking on before rules of another proxy go, if connections need it.
    ///
    /// - Parameter mayLose: Whether they may be cut where it cannot be kept on.
    /// - Returns: What was done; `nil` when nothing was needed, or could be had.
    package func holdTracking(mayLose: Bool) throws(TakeoverError) -> TrackingChange? {
        guard let tracking else { return nil }
        let connections = translatedConnections
        guard connections != 0 else { return nil }
        do throws(NFTablesError) {
            guard try !tracking.isHeld() else { return nil }
            try tracking.hold()
            holdsTracking = true
            return .hold(connections: connections)
        } catch {
            guard !mayLose else { return nil }
            throw TakeoverError(
                "\(TrackingChange.text(connections)) would be cut: without kube-proxy's rules and with network.firewall: "
                    + "false nothing keeps connection tracking on, and ipvsync cannot: \(error); wait until they have "
                    + "ended, or add --allow-connection-loss")
        }
    }

    /// What ``holdTracking(mayLose:)`` would do.
    package func previewHold() -> TrackingChange? {
        let connections = translatedConnections
        return connections == 0 ? nil : .hold(connections: connections)
    }
}

/// The connections that the kernel tracks.
package protocol ConnectionTracker {
    /// Deletes the entries of these flows and nothing else; says how many there were.
    func deleteEntries(_ flows: Set<StaleFlow>) throws(NetlinkError) -> Int

    /// How many open connections need tracking, for netfilter masqueraded or redirected them.
    func translatedConnections() throws(NetlinkError) -> Int
}

extension ConntrackClient: ConnectionTracker {}

/// The tracked connections of a kernel whose module may come only later.
final class KernelTracker: ConnectionTracker {
    private var client: ConntrackClient?

    func deleteEntries(_ flows: Set<StaleFlow>) throws(NetlinkError) -> Int { try opened().deleteEntries(flows) }

    func translatedConnections() throws(NetlinkError) -> Int { try opened().translatedConnections() }

    private func opened() throws(NetlinkError) -> ConntrackClient {
        if let client { return client }
        let opened = try ConntrackClient()
        client = opened
        return opened
    }
}
