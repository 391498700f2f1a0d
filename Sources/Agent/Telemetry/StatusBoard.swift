package import HTTPService
internal import Synchronization

/// Where the agent's loop leaves how it is, for the threads that answer questions.
///
/// Neither waits for the other longer than it takes to copy a value.
package final class StatusBoard: Sendable {
    private let snapshot = Mutex(AgentSnapshot())
    private let healthChecks = Mutex<[UInt16: HealthCheckCount]>([:])

    /// What the agent's servers count, by their names.
    package let servers: [(name: String, figures: HTTPFigures)] = [
        ("telemetry", HTTPFigures()), ("status", HTTPFigures()), ("health_checks", HTTPFigures()),
    ]

    package init() {}

    package var current: AgentSnapshot { snapshot.withLock { $0 } }

    package func update(_ change: (inout AgentSnapshot) -> Void) { snapshot.withLock { change(&$0) } }

    /// What is answered on a health check port; `nil` when the port is no Service's any more.
    package func healthCheck(on port: UInt16) -> HealthCheckCount? { healthChecks.withLock { $0[port] } }

    package func setHealthChecks(_ checks: [UInt16: HealthCheckCount]) { healthChecks.withLock { $0 = checks } }
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
