package import Documents
internal import LoadBalancing
package import Reconcile

/// A change that was made, as it is told of: in a log line and in the list of the latest changes.
package struct ChangeRecord: Hashable, Sendable {
    /// What happened, always in the same words: `real server added`.
    package let message: String
    /// `tcp 10.0.0.1:80`; `nil` for settings of the whole table.
    package let virtualServer: String?
    /// The declared name of the virtual server.
    package let name: String?
    package let realServer: String?
    /// What is new about it: `weight: 1 → 5`, `no connections`.
    package let detail: String

    /// Something that happens beside the changes of the table: `real server down`.
    package init(_ message: String, virtualServer: String, realServer: String? = nil, detail: String = "") {
        self.message = message
        self.virtualServer = virtualServer
        name = nil
        self.realServer = realServer
        self.detail = detail
    }

    package init(_ change: Change, names: Ledger) {
        let key = change.operation.key
        virtualServer = key?.description
        name = key.flatMap { names.name(of: $0) }
        realServer = change.operation.realServer?.description
        message = change.message
        var parts = change.fields.map { "\($0.field): \($0.old) → \($0.new)" }
        switch change.operation {
        case .addVirtualServer(let server): parts.append("scheduler \(server.scheduler.name)")
        case .addRealServer(let server, _): parts.append("\(server.forwarding), weight \(server.weight)")
        default: break
        }
        if let reason = change.reason { parts.append(reason.rawValue) }
        detail = parts.joined(separator: ", ")
    }
}

extension ChangeRecord {
    /// The fields that there are, by name.
    package var fields: [(name: String, value: String)] {
        [("virtualServer", virtualServer), ("name", name), ("realServer", realServer), ("detail", detail)]
            .compactMap { name, value in
                guard let value, !value.isEmpty else { return nil }
                return (name, value)
            }
    }

    /// For programs.
    package func document(number: UInt64, time: WallTime) -> Document {
        .mapping(
            [
                .init("number", .unsigned(number)), .init("time", .string(time.description)),
                .init("message", .string(message)),
            ] + fields.map { .init($0.name, .string($0.value)) })
    }
}

extension Change {
    /// What it happens to, in the names of the metrics.
    package var object: String {
        switch operation {
        case .addVirtualServer, .editVirtualServer, .removeVirtualServer: "virtual_server"
        case .addRealServer, .editRealServer, .removeRealServer, .moveRealServer: "real_server"
        case .setTimeouts, .startSyncDaemon, .stopSyncDaemon: "settings"
        }
    }

    fileprivate var message: String {
        switch operation {
        case .setTimeouts: return "timeouts set"
        case .startSyncDaemon: return "sync daemon started"
        case .stopSyncDaemon: return "sync daemon stopped"
        default: break
        }
        let participle =
            switch kind {
            case .add: "added"
            case .edit: "edited"
            case .revive: "revived"
            case .drain: "draining"
            case .remove: "removed"
            }
        return (object == "virtual_server" ? "virtual server " : "real server ") + participle
    }
}

extension TableOperation {
    fileprivate var realServer: Endpoint? {
        switch self {
        case .addRealServer(let server, _), .editRealServer(let server, _), .moveRealServer(let server, _):
            server.endpoint
        case .removeRealServer(let endpoint, _): endpoint
        default: nil
        }
    }
}
