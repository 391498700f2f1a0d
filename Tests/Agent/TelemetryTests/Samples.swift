// swift-format-ignore-file: NeverForceUnwrap

import Agent
import HTTPService
import LoadBalancing
import Reconcile
import TemporaryFiles
import TestSupport

@testable import Telemetry

/// Steps of a real loop over a kernel in memory, and what is asked about them.
struct Samples {
    struct Source: DesiredSource {
        let isComplete = true
        let settings = DesiredState()
        var servers: [DesiredVirtualServer]

        var desired: DesiredState { DesiredState(virtualServers: servers) }

        func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? { servers.first { $0.key == key } }
    }

    static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    static let old = Endpoint("198.51.100.1:8080")!
    static let new = Endpoint("198.51.100.2:8080")!

    let kernel = InMemoryKernel()
    private let folder: TemporaryFolder
    private let store: LedgerStore
    private var loop: AgentLoop
    private var time = ContinuousClock.now
    var source = Source(servers: [
        DesiredVirtualServer(VirtualServer(web), realServers: [RealServer(old)], name: "shop/web:http")
    ])

    init() throws {
        folder = try TemporaryFolder()
        store = LedgerStore(directory: folder.path, identity: StateIdentity(boot: "b", namespace: "1"))
        loop = AgentLoop(
            Synchronizer(table: kernel, store: store, policy: ReconcilePolicy(drainTimeout: 60), now: { 1_000 }),
            now: time)
    }

    /// The next step, after a change of these virtual servers or when it is due.
    mutating func step(changing keys: [VirtualServerKey] = []) -> AgentStep {
        loop.note(keys, at: .now)
        time = max(time, loop.due)
        var generator = SeededGenerator(seed: 1)
        return loop.step(source, now: time, using: &generator)!
    }

    /// The ledger as the last step left it.
    func ledger() throws -> Ledger { try store.load().ledger }

    var drains: [Drain] { loop.drains }
    var refused: [String] { loop.refused }
}

extension StatusBoard {
    /// Takes note of a step as an agent does.
    func record(_ step: AgentStep, drains: [Drain] = [], refused: [String] = []) {
        update { snapshot in
            snapshot.record(step)
            snapshot.drains = drains
            snapshot.refused = refused
        }
    }

    func responder(trafficLimit: Int = 10, _ traffic: @escaping TelemetryResponder.Traffic = { nil })
        -> TelemetryResponder
    {
        TelemetryResponder(self, trafficLimit: trafficLimit, bootSeconds: { 1_010 }, traffic: traffic)
    }
}

extension TelemetryResponder {
    func text(_ path: String, _ query: [String: String] = [:]) -> String {
        String(decoding: respond(to: HTTPRequest(path: path, query: query)).body, as: UTF8.self)
    }

    func status(_ path: String) -> Int { respond(to: HTTPRequest(path: path)).status }
}
