package import Agent
package import HTTPService
package import LoadBalancing
package import Reconcile
internal import Synchronization

/// Where the agent's loop leaves how it is, for the threads that answer questions.
///
/// Neither waits for the other longer than it takes to copy a value.
package final class StatusBoard: Sendable {
    private let snapshot = Mutex(AgentSnapshot())
    private let owned = Mutex<[VirtualServerKey: Ledger.Ownership]>([:])
    private let healthChecks = Mutex<[UInt16: HealthCheckCount]>([:])
    private let kubeProxyAnswers = Mutex<[KubeProxyAnswer: UInt64]>([:])

    /// What the agent's servers count, by their names.
    package let servers: [(name: String, figures: HTTPFigures)] = [
        ("telemetry", HTTPFigures()), ("status", HTTPFigures()), ("health_checks", HTTPFigures()),
        ("kube_proxy_healthz", HTTPFigures()), ("kube_proxy_metrics", HTTPFigures()),
    ]

    package init() {}

    package var current: AgentSnapshot { snapshot.withLock { $0 } }

    package func update(_ change: (inout AgentSnapshot) -> Void) { snapshot.withLock { change(&$0) } }

    /// Takes note of which virtual servers are the agent's after a sync: of all after one of the whole table, else of
    /// those that it touched.
    package func takeOwned(_ report: SyncReport) {
        let ours = report.plan.ledger.virtualServers
        owned.withLock { owned in
            if report.isWhole { owned = ours } else { owned.merge(ours) { $1 } }
            // One that goes is in the plan's ledger until it has gone.
            for change in report.changes {
                switch change.operation {
                case .removeVirtualServer(let key): owned[key] = nil
                case .addVirtualServer(let server): owned[server.key] = ours[server.key]
                default: break
                }
            }
        }
    }

    /// The agent's virtual servers; `nil` when there are more.
    package func ownedVirtualServers(atMost limit: Int) -> [VirtualServerKey: Ledger.Ownership]? {
        owned.withLock { $0.count <= limit ? $0 : nil }
    }

    /// Counts an answer that was given as a kube-proxy gives it.
    func countKubeProxyAnswer(_ path: KubeProxyAnswer.Path, _ status: Int) {
        kubeProxyAnswers.withLock { $0[KubeProxyAnswer(path: path, status: status), default: 0] += 1 }
    }

    /// How many of these answers there were.
    func count(of answer: KubeProxyAnswer) -> UInt64 { kubeProxyAnswers.withLock { $0[answer] ?? 0 } }

    /// What is answered on a health check port; `nil` when the port is no Service's any more.
    package func healthCheck(on port: UInt16) -> HealthCheckCount? { healthChecks.withLock { $0[port] } }

    package func setHealthChecks(_ checks: [UInt16: HealthCheckCount]) { healthChecks.withLock { $0 = checks } }

    /// Takes what is answered on one port from here on; `nil` for a port that is no Service's any more.
    package func setHealthCheck(_ check: HealthCheckCount?, on port: UInt16) {
        healthChecks.withLock { $0[port] = check }
    }
}

/// An answer that is given as a kube-proxy gives it, by where and how.
struct KubeProxyAnswer: Hashable {
    enum Path: String, CaseIterable {
        case healthz, livez
    }

    let path: Path
    let status: Int
}

/// A Service's endpoints on this node, for its health check port.
package struct HealthCheckCount: Hashable, Sendable {
    package let namespace: String
    package let name: String
    /// Ready endpoints on this node.
    package let localEndpoints: Int

    package init(namespace: String, name: String, localEndpoints: Int) {
        self.namespace = namespace
        self.name = name
        self.localEndpoints = localEndpoints
    }
}
