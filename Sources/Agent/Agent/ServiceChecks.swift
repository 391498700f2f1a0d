package import Configuration
package import HealthChecks
package import KubernetesObjects
package import LoadBalancing
package import ServiceTranslation

/// The checks that Services ask for by annotation, within what the operator lets each namespace have.
///
/// Tenants write annotations: what is asked is theirs, how often and how much is the operator's. Only endpoints that are
/// ready are checked, and while none is up, all count as up: then the check is more likely to be wrong than they.
package struct ServiceChecks: Sendable {
    private var interval = Duration.seconds(5)
    private var limit = 1_000
    /// The endpoints that are checked for a virtual server.
    private var checked: [VirtualServerKey: (namespace: String, endpoints: [Endpoint])] = [:]
    /// How many virtual servers of a namespace have an endpoint checked.
    private var uses: [String: [Endpoint: Int]] = [:]
    /// Services that are not checked, for their namespace has too many, by their virtual servers.
    private var refused: [VirtualServerKey: ObjectName] = [:]

    package init(_ defaults: ServiceDefaults? = nil) { use(defaults) }

    /// Takes what the configuration says; what is watched stays until it is asked about again.
    package mutating func use(_ defaults: ServiceDefaults?) {
        interval = .milliseconds(Int(defaults?.checkInterval ?? 5_000))
        limit = Int(defaults?.checksPerNamespace ?? 1_000)
    }

    /// The virtual servers that are checked, or would be.
    package var keys: [VirtualServerKey] { Array(checked.keys) + refused.keys }

    /// What could not be done as Services ask: one warning for a namespace, on the first of its Services.
    package var warnings: [TranslationWarning] {
        let namespaces = Dictionary(grouping: Set(refused.values), by: \.namespace).values
        return namespaces.compactMap { services in
            services.min().map { first in
                let others = services.count > 1 ? ", nor that of \(services.count - 1) more" : ""
                return TranslationWarning(
                    first, reason: .bound,
                    "annotation \(HeededAnnotations.prefix)check is not followed\(others): its namespace has more than "
                        + "\(limit) endpoints checked, see `services.checksPerNamespace`")
            }
        }.sorted { $0.object < $1.object }
    }

    /// How a virtual server is to be watched; `nil` when it is not.
    package mutating func rules(_ server: TranslatedVirtualServer, of service: ObjectName) -> HealthRules? {
        forget(server.key)
        guard let probe = server.probe else { return nil }
        // One that terminates has no weight.
        let endpoints = server.desired.realServers.filter { $0.weight > 0 }.map(\.endpoint)
        var used = uses[service.namespace] ?? [:]
        for endpoint in endpoints { used[endpoint, default: 0] += 1 }
        guard used.count <= limit else {
            refused[server.key] = service
            return nil
        }
        uses[service.namespace] = used
        checked[server.key] = (service.namespace, endpoints)
        var check = ServerCheck(probe)
        check.interval = interval
        check.timeout = min(check.timeout, interval)
        var rules = HealthRules(checks: [check])
        for server in server.desired.realServers where server.weight == 0 { rules.own[server.endpoint] = [] }
        rules.panicThreshold = 1
        return rules
    }

    /// Takes note that a virtual server is no Service's, or not checked any more.
    package mutating func forget(_ key: VirtualServerKey) {
        refused[key] = nil
        guard let (namespace, endpoints) = checked.removeValue(forKey: key) else { return }
        for endpoint in endpoints {
            let count = (uses[namespace]?[endpoint] ?? 1) - 1
            uses[namespace]?[endpoint] = count > 0 ? count : nil
        }
        if uses[namespace]?.isEmpty ?? false { uses[namespace] = nil }
    }
}
