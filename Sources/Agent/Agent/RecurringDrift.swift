internal import LoadBalancing
package import Reconcile

/// Finds drift that comes back again and again: the mark of another program that keeps the same table.
package struct RecurringDrift {
    /// So many times within the window are no accident.
    package static let limit = 3
    /// How long a repair is remembered.
    package static let window = Duration.seconds(30 * 60)
    /// More objects than these are not followed: so many at once are one cause, and told of already.
    private static let maximumObjects = 1000

    private struct History {
        var times: [ContinuousClock.Instant] = []
        var isTold = false
    }

    private var histories: [String: History] = [:]

    package init() {}

    /// Takes note of drift.
    ///
    /// - Returns: The objects that have come back often enough now, and that were not told of, sorted.
    package mutating func record(_ drift: [Drift], at now: ContinuousClock.Instant) -> [String] {
        let start = now - Self.window
        histories = histories.compactMapValues { history in
            var history = history
            history.times.removeAll { $0 < start }
            return history.times.isEmpty ? nil : history
        }
        var recurring: [String] = []
        // An order may be wrong for our own sake: while it cannot be put right, or is put right in parts.
        for object in Set(drift.lazy.filter { !$0.change.operation.isMove }.map(\.object)) {
            guard histories[object] != nil || histories.count < Self.maximumObjects else { continue }
            var history = histories[object, default: History()]
            history.times = history.times.suffix(Self.limit - 1) + [now]
            if history.times.count >= Self.limit, !history.isTold {
                history.isTold = true
                recurring.append(object)
            }
            histories[object] = history
        }
        return recurring.sorted()
    }
}

extension Drift {
    /// What it is about, however it was changed: a virtual server, one of its real servers, or a setting.
    fileprivate var object: String {
        switch change.operation {
        case .addRealServer(let server, let key), .editRealServer(let server, let key),
            .moveRealServer(let server, let key):
            "\(key) real server \(server.endpoint)"
        case .removeRealServer(let endpoint, let key): "\(key) real server \(endpoint)"
        case .addVirtualServer(let server), .editVirtualServer(let server): "\(server.key)"
        case .removeVirtualServer(let key): "\(key)"
        case .setTimeouts: "the connection timeouts"
        case .startSyncDaemon(let daemon), .stopSyncDaemon(let daemon): "the \(daemon.role) synchronisation daemon"
        }
    }
}
