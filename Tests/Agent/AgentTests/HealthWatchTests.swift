import Configuration
import Glibc
import HealthChecks
import LoadBalancing
import TemporaryFiles
import TestSupport
import Testing

@testable import Agent

/// Checks that are made by the program that was built with these tests: of a port of this machine, for the checker's user
/// may read no file of the test.
@Suite("What an agent has checked") struct HealthWatchTests {
    private let folder: TemporaryFolder
    private let store: VerdictStore

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("state")
        chmod(folder.file("state"), 0o700)
        store = VerdictStore(
            directory: folder.file("state"), identity: StateIdentity(boot: "boot", namespace: "1"))
    }

    private func state(_ watch: HealthWatch, _ port: UInt16) throws -> AgentState {
        let check = "{type: tcp, interval: 100ms, timeout: 100ms, fall: 1}"
        let text = """
            virtualServers:
            - {address: '192.0.2.1:80', onFailure: weight 0, checks: [\(check)], realServers: ['127.0.0.1:\(port)']}
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
        let port = try OwnedPort()
        let watch = HealthWatch(store, executable: BuiltProgram.path("ipvsync"))
        var state = try state(watch, port.number)
        #expect(weights(state) == [1] && watch.descriptors.count == 1)
        let turns = run(watch, &state) { state, _ in weights(state) == [0] }
        #expect(weights(state) == [0] && turns.contains { $0.isNews } && turns.allSatisfy { $0.storeProblem == nil })
        #expect(turns.flatMap(\.change.transitions).map(\.new) == [.down])
        watch.end(state.verdicts, by: .now + .seconds(20))
        // Before anything is checked anew, and in spite of how it is by now.
        port.listen()
        let next = HealthWatch(store, executable: BuiltProgram.path("ipvsync"))
        var again = try self.state(next, port.number)
        #expect(weights(again) == [0])
        _ = run(next, &again) { state, _ in weights(state) == [1] }
        #expect(weights(again) == [1])
        // Without checks there is nothing to wait for.
        again.use(Declaration(try Configuration.parse("virtualServers: []", file: "f")))
        _ = next.turn(&again)
        #expect(again.verdicts.count == 0)
    }

    @Test("A checker that cannot be started is told of, and what was known stays")
    func noChecker() throws {
        let watch = HealthWatch(store, executable: "/nonexistent/ipvsync")
        var state = try state(watch, 1)
        let turns = run(watch, &state) { _, turns in turns.last?.problem != nil }
        #expect(turns.last?.problem != nil && turns.allSatisfy { $0.results.isEmpty } && weights(state) == [1])
        #expect(watch.wakeUp(state) != nil)
    }

    @Test("A disk that takes nothing is told of once")
    func noDisk() throws {
        try folder.write("", to: "file")
        let lost = VerdictStore(
            directory: folder.file("file/state"), identity: StateIdentity(boot: "boot", namespace: "1"))
        let watch = HealthWatch(lost, executable: BuiltProgram.path("ipvsync"))
        var state = try state(watch, 1)
        let turns = run(watch, &state) { _, turns in turns.contains { $0.storeProblem != nil } }
        let more = (0..<5).map { _ in watch.turn(&state) }
        #expect((turns + more).count { $0.storeProblem != nil } == 1)
        watch.end(state.verdicts, by: .now + .seconds(20))
    }
}

/// A TCP port of 127.0.0.1 that nobody else has, and that refuses connections until it listens.
private final class OwnedPort {
    let number: UInt16
    private let socket: Int32

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
            }
        }
        try #require(code == 0)
        number = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(socket) }

    func listen() { Glibc.listen(socket, 64) }
}
