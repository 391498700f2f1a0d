import Glibc
import LoadBalancing

extension Scenario {
    /// Long histories of changes, in which everything goes wrong that can.
    static let soak: [Scenario] = [
        Scenario("soak: 10,000 changes with faults", tags: [.slow]) { context in
            let seed = Self.seed
            do throws(ScenarioFailure) {
                try soak(context, seed: seed, changes: 10_000)
            } catch {
                throw ScenarioFailure("seed \(seed): \(error)")
            }
        },
        Scenario("soak: a whole agent with an API server, files, another writer and kills") {
            context in
            let seed = Self.seed
            do throws(ScenarioFailure) {
                try soakAgent(context, seed: seed)
            } catch {
                throw ScenarioFailure("seed \(seed): \(error)")
            }
        },
    ]

    /// That of a history that is to be had again, or a new one.
    private static var seed: UInt64 {
        Environment.variable("IPVSYNC_SOAK_SEED").flatMap { UInt64($0) } ?? .random(in: 0...999_999)
    }

    /// Kills belong to the first fifth, and to the end: between them one process has to stay as it is.
    private static func soakAgent(_ context: Context, seed: UInt64) throws(ScenarioFailure) {
        let soak = try AgentSoak(context, seed: seed)
        let began = ContinuousClock.now
        var warm: ProcessUsage?
        for round in 0..<22 {
            if round == 19 {
                let (before, after) = (try require(warm, "no figures"), try soak.usage())
                StandardStream.output.writeLine("after a fifth: \(before); later: \(after)")
                try after.expectFlat(since: before, growth: 2 << 20)
            }
            if round < 5 || round >= 19 { try soak.restart() }
            for _ in 0..<16 { try soak.change() }
            try soak.settle()
            if round == 5 { warm = try soak.usage() }
        }
        StandardStream.output.writeLine(
            "seed \(seed), \((ContinuousClock.now - began).components.seconds) s\n\(soak.figures)")
    }

    private static func soak(_ context: Context, seed: UInt64, changes: Int) throws(ScenarioFailure) {
        let soak = try Soak(context, seed: seed)
        let began = ContinuousClock.now
        var warm: ProcessUsage?
        var made = 0
        while made < changes {
            let count = min(changes - made, soak.random.number(20...50))
            try soak.change(count)
            made += count
            try soak.settle(readsText: soak.figures["settle"] % 20 == 0)
            if warm == nil, made >= changes / 5 {
                soak.connections.end()
                warm = try ProcessUsage.current()
            }
            try soak.provoke()
        }
        soak.connections.end()
        let (before, after) = (try require(warm, "no figures"), try ProcessUsage.current())
        StandardStream.output.writeLine(
            "seed \(seed), \(made) changes in \((ContinuousClock.now - began).components.seconds) s: "
                + "\(soak.clock.elapsed.components.seconds / 3600) hours of an agent\n\(soak.figures)\n"
                + "after a fifth: \(before); at the end: \(after)")
        try after.expectFlat(since: before)
        try soak.figures.expectMinima(minima)
        try expect(soak.figures.total("fault: ") > 500, "too few faults")
    }

    /// Far below what any seed gives: a soak in which nothing happens shows nothing.
    private static let minima = [
        "change of the files": 500, "change of a Service": 500, "change of a EndpointSlice": 500,
        "fault: an answer was lost (ENOBUFS)": 20, "fault: an answer did not come in time (EAGAIN)": 20,
        "fault: a wait for an answer was interrupted (EINTR)": 20, "fault: the ledger's disk was full": 20,
        "fault: the process was killed between two requests": 10, "source error: an invalid configuration": 20,
        "source error: an object that cannot be read": 20, "other writer: removed a virtual server": 20,
        "other writer: edited a real server": 20, "restart of the agent": 20, "look at drains": 20, "settle": 100,
        "table that was checked by ipvsadm": 5,
    ]
}
