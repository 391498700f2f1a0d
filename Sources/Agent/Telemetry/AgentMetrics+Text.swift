internal import Agent
internal import LoadBalancing
internal import Reconcile

extension AgentMetrics {
    /// Writes them out, every series of a family whether anything was counted or not.
    func write(to text: inout Exposition) {
        writeSyncs(&text)
        writeOperations(&text)
        text.begin("ipvsync_drift_total", .counter, "Differences that others made and a verification found.")
        for kind in Drift.Kind.allCases {
            text.sample("ipvsync_drift_total", [("kind", kind.rawValue)], drift[kind] ?? 0)
        }
        network.write(to: &text)
        text.begin("ipvsync_virtual_servers", .gauge, "Virtual servers in the kernel, by owner.")
        for (owner, counts) in [("ipvsync", counts.ours), ("foreign", counts.foreign)] {
            text.sample("ipvsync_virtual_servers", [("owner", owner)], counts.virtualServers)
        }
        text.begin("ipvsync_real_servers", .gauge, "Real servers in the kernel, by the owner of their virtual server.")
        for (owner, counts) in [("ipvsync", counts.ours), ("foreign", counts.foreign)] {
            text.sample("ipvsync_real_servers", [("owner", owner)], counts.realServers)
        }
    }

    private func writeSyncs(_ text: inout Exposition) {
        text.begin("ipvsync_syncs_total", .counter, "Syncs by what they were about and how they ended.")
        for scope in AgentStep.Scope.allCases {
            for outcome in Outcome.allCases {
                text.sample(
                    "ipvsync_syncs_total", [("scope", scope.rawValue), ("result", outcome.rawValue)],
                    syncs[SyncLabels(scope: scope, outcome: outcome)] ?? 0)
            }
        }
        text.begin("ipvsync_sync_duration_seconds", .histogram, "How long syncs of changes took, by phase.")
        for (phase, histogram) in zip(Self.phases, durations) {
            text.histogram("ipvsync_sync_duration_seconds", [("phase", phase.name)], histogram)
        }
        text.begin("ipvsync_verification_duration_seconds", .histogram, "How long verifications took.")
        text.histogram("ipvsync_verification_duration_seconds", [], verificationDurations)
        text.single(
            "ipvsync_whole_verifications_total", .counter, "Verifications that looked at every virtual server closely.",
            wholeVerifications)
        text.begin(
            "ipvsync_loop_turn_seconds", .histogram, "How long turns of the agent's loop took, without its waits.")
        text.histogram("ipvsync_loop_turn_seconds", [], turns)
        text.single(
            "ipvsync_loop_turn_seconds_max", .gauge, "The longest turn of the agent's loop since it began.",
            longestTurn / .seconds(1))
        text.begin("ipvsync_event_delay_seconds", .histogram, "From the news of a change to the kernel having it.")
        text.histogram("ipvsync_event_delay_seconds", [], delays)
        text.single(
            "ipvsync_last_sync_timestamp_seconds", .gauge, "When the last sync ended.", lastSync?.seconds ?? 0)
        text.single(
            "ipvsync_last_success_timestamp_seconds", .gauge, "When the last sync ended that did all it should.",
            lastSuccess?.seconds ?? 0)
    }

    private func writeOperations(_ text: inout Exposition) {
        text.begin("ipvsync_operations_total", .counter, "Changes of the kernel's tables by kind and result.")
        for labels in OperationLabels.all {
            text.sample(
                "ipvsync_operations_total",
                [
                    ("object", labels.object), ("kind", labels.kind.rawValue),
                    ("result", labels.isRefused ? "refused" : "made"),
                ], operations[labels] ?? 0)
        }
    }
}

extension AgentMetrics.OperationLabels {
    /// Every combination that can occur.
    fileprivate static let all: [Self] = {
        let kinds: [(String, [Change.Kind])] = [
            ("virtual_server", [.add, .edit, .remove]), ("real_server", Change.Kind.allCases),
            ("settings", [.add, .edit, .remove]),
        ]
        return kinds.flatMap { object, kinds in
            kinds.flatMap { kind in
                [false, true].map { Self(object: object, kind: kind, isRefused: $0) }
            }
        }
    }()

    /// Of an operation that was refused; of a real server's edit it does not tell what it was for.
    init(_ refused: TableOperation) {
        switch refused {
        case .addVirtualServer: self.init(object: "virtual_server", kind: .add, isRefused: true)
        case .editVirtualServer: self.init(object: "virtual_server", kind: .edit, isRefused: true)
        case .removeVirtualServer: self.init(object: "virtual_server", kind: .remove, isRefused: true)
        case .addRealServer: self.init(object: "real_server", kind: .add, isRefused: true)
        case .editRealServer, .moveRealServer: self.init(object: "real_server", kind: .edit, isRefused: true)
        case .removeRealServer: self.init(object: "real_server", kind: .remove, isRefused: true)
        case .setTimeouts: self.init(object: "settings", kind: .edit, isRefused: true)
        case .startSyncDaemon: self.init(object: "settings", kind: .add, isRefused: true)
        case .stopSyncDaemon: self.init(object: "settings", kind: .remove, isRefused: true)
        }
    }
}
