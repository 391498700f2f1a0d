import Configuration
import Glibc
import HealthChecks
import LoadBalancing
import TemporaryFiles
import TestSupport
import Testing

@testable import Agent

/// Checks that are made by the program that was built with these tests: of weights in files, which need no network.
@Suite("What an agent has checked") struct HealthWatchTests {
    private let folder: TemporaryFolder
    private let store: VerdictStore

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("state")
        chmod(folder.file("state"), 0o700)
        // Whatever user reads it.
        chmod(folder.path, 0o755)
        store = VerdictStore(
            directory: folder.file("state"), identity: StateIdentity(boot: "boot", namespace: "1"))
    }

    private func state(_ watch: HealthWatch) throws -> AgentState {
        let check = "{type: file, file: \(folder.file("weight")), interval: 100ms, timeout: 100ms, fall: 1}"
        let text = """
            virtualServers:
            - {address: '192.0.2.1:80', onFailure: weight 0, checks: [\(check)], realServers: [10.0.0.1]}
            """
        return AgentState(
            Declaration(try Configuration.parse(text, file: "f")), node: "n1", verdicts: watch.recall(Overrides()).0)
    }

    /// Goes on until something is so; what came meanwhile.
    private func run(
        _ watch: HealthWatch, _ state: inout AgentState, until isOver: (AgentState, [HealthTurn]) -> Bool
    ) -> [HealthTurn] {
        var turns: [HealthTurn] = []
        let end = ContinuousClock.now + .seconds(60)
        while !isOver(state, turns), ContinuousClock.now < end {
            turns.append(watch.turn(&state))
            var polled = watch.descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&polled, nfds_t(polled.count), 20)
        }
        return turns
    }

    private func weights(_ state: AgentState) -> [UInt32] {
        state.desired.virtualServers.flatMap { $0.realServers.map(\.weight) }
    }

    @Test("What is found counts, is kept, and holds again for the next one")
    func lifetime() throws {
        try folder.write("0", to: "weight")
        chmod(folder.file("weight"), 0o644)
        let watch = HealthWatch(store, executable: BuiltProgram.path("ipvsync"))
        var state = try state(watch)
        #expect(weights(state) == [1] && watch.descriptors.count == 1)
        let turns = run(watch, &state) { state, _ in weights(state) == [0] }
        #expect(weights(state) == [0] && turns.contains { $0.isNews } && turns.allSatisfy { $0.storeProblem == nil })
        #expect(turns.flatMap(\.change.transitions).map(\.new) == [.down])
        watch.end(state.verdicts, by: .now + .seconds(20))
        // Before anything is checked anew, and in spite of what the file says by now.
        try folder.write("7", to: "weight")
        let next = HealthWatch(store, executable: BuiltProgram.path("ipvsync"))
        var again = try self.state(next)
        #expect(weights(again) == [0])
        _ = run(next, &again) { state, _ in weights(state) == [7] }
        #expect(weights(again) == [7])
        // Without checks there is nothing to wait for.
        again.use(Declaration(try Configuration.parse("virtualServers: []", file: "f")))
        _ = next.turn(&again)
        #expect(again.verdicts.count == 0)
    }

    @Test("A checker that cannot be started is told of, and what was known stays")
    func noChecker() throws {
        let watch = HealthWatch(store, executable: "/nonexistent/ipvsync")
        var state = try state(watch)
        let turns = run(watch, &state) { _, turns in turns.last?.problem != nil }
        #expect(turns.last?.problem != nil && turns.allSatisfy { $0.results.isEmpty } && weights(state) == [1])
        #expect(watch.wakeUp(state) != nil)
    }

    @Test("A disk that takes nothing is told of once")
    func noDisk() throws {
        try folder.write("0", to: "weight")
        chmod(folder.file("weight"), 0o644)
        try folder.write("", to: "file")
        let lost = VerdictStore(
            directory: folder.file("file/state"), identity: StateIdentity(boot: "boot", namespace: "1"))
        let watch = HealthWatch(lost, executable: BuiltProgram.path("ipvsync"))
        var state = try state(watch)
        let turns = run(watch, &state) { _, turns in turns.contains { $0.storeProblem != nil } }
        let more = (0..<5).map { _ in watch.turn(&state) }
        #expect((turns + more).count { $0.storeProblem != nil } == 1)
        watch.end(state.verdicts, by: .now + .seconds(20))
    }
}
