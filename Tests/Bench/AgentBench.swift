import Agent
import Glibc
import IPVS
import LoadBalancing
import Reconcile

/// What an agent at rest costs, and how far it is behind somebody who sends its changes by hand.
struct AgentBench {
    let count: Int
    let directory: String

    private static let looks = 9
    private static let changes = 300

    /// Medians in seconds.
    struct Figures {
        /// A dump of everything over netlink.
        var dump = 0.0
        /// A verification in which nothing is found, its share of the audit included.
        var verification = 0.0
        /// One endpoint's replacement through the loop: until the kernel has it, and until the old one has gone.
        var change = 0.0
        var wholeChange = 0.0
        /// The same operations given to the client.
        var byHand = 0.0
    }

    /// What the loop keeps the kernel equal to.
    private struct Source: DesiredSource {
        let isComplete = true
        let settings = DesiredState()
        var servers: [VirtualServerKey: DesiredVirtualServer]

        var desired: DesiredState { DesiredState(virtualServers: servers.values.sorted { $0.key < $1.key }) }

        func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? { servers[key] }
    }

    func measure() throws -> Figures {
        _ = try MeasuredCommand(arguments: ["ip", "link", "set", "lo", "up"]).run()
        let table = BenchTable(count: count)
        var source = Source(servers: .init(uniqueKeysWithValues: table.virtualServers.map { ($0.key, $0) }))
        let client = try IPVSClient()
        let synchronizer = Synchronizer(
            table: client,
            store: LedgerStore(directory: "\(directory)/agent-\(count)", identity: try StateIdentity.current()),
            policy: ReconcilePolicy())
        var loop = AgentLoop(synchronizer, now: .now)
        var now = ContinuousClock.now
        // All is programmed, and then looked at once.
        try step(&loop, source, &now)
        try step(&loop, source, &now)
        var figures = Figures()
        var dumps: [Double] = []
        var verifications: [Double] = []
        for _ in 0..<Self.looks {
            dumps.append(try time { _ = try client.state() })
            verifications.append(try step(&loop, source, &now).seconds)
        }
        figures.dump = median(dumps)
        figures.verification = median(verifications)
        try measureChanges(table, &source, &loop, client, &figures, &now)
        return figures
    }

    private func measureChanges(
        _ table: BenchTable, _ source: inout Source, _ loop: inout AgentLoop, _ client: IPVSClient,
        _ figures: inout Figures, _ now: inout ContinuousClock.Instant
    ) throws {
        var changes: [Double] = []
        var wholeChanges: [Double] = []
        var byHand: [Double] = []
        for number in 0..<Self.changes {
            let key = table.virtualServers[number % count].key
            guard var server = source.servers[key] else { continue }
            server.realServers.removeLast()
            let coming = RealServer(Endpoint(IPAddress(v4: 0x0B00_0000 + UInt32(number)), port: 8080))
            server.realServers.append(coming)
            source.servers[key] = server
            now += .milliseconds(100)
            let started = ContinuousClock.now
            loop.note([key], at: now)
            let report = try step(&loop, source, &now, isChange: true).report
            wholeChanges.append(started.duration(to: .now) / .seconds(1))
            changes.append(started.duration(to: report.effective ?? .now) / .seconds(1))
            // Somebody who knows what to send, with the other virtual servers.
            let other = table.virtualServers[count - 1 - number % (count / 2)].key
            let operations: [TableOperation] = [
                .addRealServer(coming, to: other), .removeRealServer(coming.endpoint, from: other),
            ]
            byHand.append(try time { _ = try client.apply(operations) })
        }
        figures.change = median(changes)
        figures.wholeChange = median(wholeChanges)
        figures.byHand = median(byHand)
    }

    @discardableResult
    private func step(
        _ loop: inout AgentLoop, _ source: Source, _ now: inout ContinuousClock.Instant, isChange: Bool = false
    ) throws -> (report: SyncReport, seconds: Double) {
        var generator = SystemRandomNumberGenerator()
        if !isChange { now = max(now, loop.due) }
        guard let step = loop.step(source, now: now, using: &generator) else { throw BenchError("nothing was due") }
        let report = try step.result.get()
        guard report.failures.isEmpty, step.drift.isEmpty else { throw BenchError("the kernel refused something") }
        return (report, report.timings.total / .seconds(1))
    }

    private func time(_ work: () throws -> Void) rethrows -> Double {
        let started = ContinuousClock.now
        try work()
        return started.duration(to: .now) / .seconds(1)
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
