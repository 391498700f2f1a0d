internal import Agent
internal import Reconcile
internal import ServiceTranslation

extension AgentSnapshot {
    /// Writes how sources, drains and health are now.
    func writeState(to text: inout Exposition) {
        text.single(
            "ipvsync_draining_real_servers", .gauge, "Real servers that keep connections and take no new ones.",
            drains.count)
        text.single(
            "ipvsync_inactive_virtual_servers", .gauge, "Virtual servers that wait for an address of this node.",
            inactive.values.reduce(0, +))
        text.single("ipvsync_refused_changes", .gauge, "Changes that the kernel refuses now.", refused.count)
        text.single(
            "ipvsync_held_removals", .gauge, "Removals held back because so many look like a mistake.",
            (held?.virtualServers ?? 0) + (held?.realServers ?? 0))
        text.begin("ipvsync_health_check_ports", .gauge, "Health check node ports by whether they are served.")
        for (state, count) in [("served", healthCheckPorts.served), ("unserved", healthCheckPorts.unserved.count)] {
            text.sample("ipvsync_health_check_ports", [("state", state)], count)
        }
        text.begin(
            "ipvsync_service_warnings", .gauge, "What could not be done as Services ask, by reason; see the status.")
        for reason in TranslationWarning.Reason.allCases {
            text.sample("ipvsync_service_warnings", [("reason", reason.rawValue)], warningCounts[reason])
        }
        text.begin("ipvsync_events_total", .counter, "Kubernetes Events by what became of them.")
        for (result, count) in [("sent", eventsSent), ("dropped", eventsDropped)] {
            text.sample("ipvsync_events_total", [("result", result)], count)
        }
        let health = Health(self)
        text.begin("ipvsync_health", .gauge, "How the parts are: 1 for the state in the label.")
        for check in health.checks {
            for state in [Health.State.ok, .degraded, .failed] {
                text.sample(
                    "ipvsync_health", [("check", check.name), ("state", state.rawValue)], check.state == state ? 1 : 0)
            }
        }
        writeSources(&text)
    }

    private func writeSources(_ text: inout Exposition) {
        let families: [(name: String, kind: Exposition.Kind, help: String, value: (SourceStatus) -> Double)] = [
            ("complete", .gauge, "Whether it has told all it has once.", { $0.isComplete ? 1 : 0 }),
            ("healthy", .gauge, "Whether nothing is wrong with it now.", { $0.problem == nil ? 1 : 0 }),
            ("last_heard_timestamp_seconds", .gauge, "When something was heard of it.", { $0.lastHeard?.seconds ?? 0 }),
            ("lists_total", .counter, "Full readings.", { Double($0.lists) }),
            ("watches_total", .counter, "Watches that were begun.", { Double($0.watches) }),
            ("events_total", .counter, "Changes that it told.", { Double($0.events) }),
            ("failures_total", .counter, "Requests or readings that failed.", { Double($0.failures) }),
            ("unreadable_objects", .gauge, "Objects that cannot be read.", { Double($0.unreadable.count) }),
        ]
        for family in families {
            text.begin("ipvsync_source_\(family.name)", family.kind, family.help)
            for source in sources {
                text.sample("ipvsync_source_\(family.name)", [("source", source.name)], family.value(source))
            }
        }
    }
}
