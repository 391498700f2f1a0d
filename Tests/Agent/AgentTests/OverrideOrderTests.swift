import Configuration
import HealthChecks
import LoadBalancing
import TemporaryFiles
import Testing

@testable import Agent

@Suite("Orders by hand, as an agent follows them")
struct OverrideOrderTests {
    private let now = ContinuousClock.now
    private let author = Override.Author(user: 0, process: 7)
    private let web = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0201), port: 80))
    private let dns = VirtualServerKey.endpoint(.udp, Endpoint(IPAddress(v4: 0xC000_0201), port: 53))

    private static let files = """
        virtualServers:
        - {name: web, address: "192.0.2.1:80", realServers: ["10.0.0.1:8080", "10.0.0.2:8080", {address: "10.0.0.3:8080", weight: 0}]}
        - {name: dns, address: "udp 192.0.2.1:53", realServers: ["10.0.0.1:53"]}
        """

    private func state(_ text: String = files) throws -> AgentState {
        var state = AgentState(Declaration(try Configuration.parse(text, file: "f")), node: "n1")
        _ = state.noteHeardAll()
        return state
    }

    private func order(
        _ action: OverrideOrder.Action, _ realServer: String, in name: String? = nil, for length: Duration? = nil,
        forced: Bool = false
    ) throws -> OverrideOrder {
        let text = try #require(RealServerText(realServer))
        return OverrideOrder(
            action, address: text.address, port: text.port, virtualServer: name, length: length, isForced: forced)
    }

    private func weights(_ state: AgentState, _ key: VirtualServerKey) -> [UInt32] {
        state.desired(key)?.realServers.map(\.weight) ?? []
    }

    @Test("A drain of an address reaches every virtual server that has it")
    func drain() throws {
        var state = try state()
        let outcome = try state.follow(order(.put(.drain), "10.0.0.1", forced: true), by: author, now: now)
        #expect(outcome.change.keys == [web, dns] && outcome.subjects.count == 2)
        #expect(weights(state, web) == [1, 0] && weights(state, dns) == [])
        #expect(state.desired.virtualServers.map { $0.realServers.count } == [0, 2])
        #expect(state.declared(web)?.realServers.count == 3)
        let ended = try state.follow(order(.enable, "10.0.0.1"), by: author, now: now)
        #expect(ended.change.endedOverrides.map(\.cause) == [.enabled(author)])
        #expect(weights(state, web) == [1, 1, 0])
    }

    @Test(
        "A virtual server is meant by its name, its key, or its address",
        arguments: ["web", "tcp 192.0.2.1:80", "192.0.2.1:80", "192.0.2.1:80/tcp"])
    func selectors(name: String) throws {
        var state = try state()
        _ = try state.follow(order(.put(.weight(5)), "10.0.0.1", in: name), by: author, now: now)
        #expect(weights(state, web) == [5, 1, 0] && weights(state, dns) == [1])
    }

    @Test("What is not followed says why and what there is, and changes nothing")
    func refusals() throws {
        var state = try state()
        _ = try state.follow(order(.put(.weight(5)), "10.0.0.2"), by: author, now: now)
        let before = state.desired
        let cases: [(OverrideOrder, OverrideRefusal.Kind, String)] = [
            (try order(.put(.drain), "10.0.0.1:80"), .unmatched, "10.0.0.1:53, 10.0.0.1:8080"),
            (try order(.put(.drain), "10.0.0.9"), .unmatched, "there is 10.0.0.1:53"),
            (try order(.put(.drain), "10.0.0.1", in: "wab"), .unmatched, "tcp 192.0.2.1:80 (web)"),
            (try order(.put(.drain), "10.0.0.2", in: "dns"), .unmatched, "in virtual server dns; there is 10.0.0.1:53"),
            (try order(.put(.drain), "10.0.0.1"), .lastOne, "udp 192.0.2.1:53 (dns) would be left"),
            (try order(.put(.weight(0)), "10.0.0.1", in: "dns"), .lastOne, "--force"),
            (try order(.put(.weight(3)), "10.0.0.3"), .useless, "declared with weight 0"),
            (try order(.enable, "10.0.0.1"), .unmatched, "there is 10.0.0.2"),
        ]
        for (order, kind, text) in cases {
            let error = #expect(throws: OverrideRefusal.self) { try state.follow(order, by: author, now: now) }
            #expect(error?.kind == kind && error?.description.contains(text) == true, "\(error?.description ?? "")")
        }
        #expect(state.desired == before && state.verdicts.overrides.count == 1)
    }

    @Test("Before everything is known, nothing is refused for not being there")
    func early() throws {
        var state = AgentState(Declaration(try Configuration.parse(Self.files, file: "f")), node: "n1")
        #expect(throws: OverrideRefusal.self) {
            try state.follow(order(.put(.drain), "10.0.0.2"), by: author, now: now)
        }
        let kept = Override(.drain, of: .init(IPAddress(v4: 0x0A00_0009)), since: now, by: author)
        var again = AgentState(
            Declaration(try Configuration.parse(Self.files, file: "f")), node: "n1",
            verdicts: Verdicts(now: now, overrides: Overrides([kept])))
        let early = again.apply([], now: now)
        #expect(early.endedOverrides.isEmpty)
        _ = again.noteHeardAll()
        let late = again.apply([], now: now)
        #expect(late.endedOverrides.map(\.cause) == [.gone])
    }

    @Test("An override goes with its real server, and ends by the clock")
    func ends() throws {
        var state = try state()
        _ = try state.follow(order(.put(.drain), "10.0.0.2"), by: author, now: now)
        _ = try state.follow(
            order(.put(.weight(5)), "10.0.0.1", in: "web", for: .seconds(60)), by: author, now: now)
        #expect(state.verdicts.nextChange == now + .seconds(60))
        let other = Self.files.replacing("\"10.0.0.2:8080\", ", with: "")
        state.use(Declaration(try Configuration.parse(other, file: "f")))
        let gone = state.apply([], now: now)
        #expect(gone.endedOverrides.map(\.cause) == [.gone])
        #expect(weights(state, web) == [5, 0])
        let over = state.apply([], now: now + .seconds(60))
        #expect(over.endedOverrides.map(\.cause) == [.time] && over.keys == [web])
        #expect(weights(state, web) == [1, 0])
    }

    @Test("No more overrides stand than there may")
    func bounds() throws {
        let servers = (0...Overrides.maximumCount).map { "10.1.\($0 / 250).\($0 % 250 + 1):80" }
        var state = try state(
            "virtualServers: [{address: \"192.0.2.1:80\", realServers: [\(servers.map { "\"\($0)\"" }.joined(separator: ","))]}]"
        )
        for server in servers.dropLast() { _ = try state.follow(order(.put(.weight(2)), server), by: author, now: now) }
        let error = #expect(throws: OverrideRefusal.self) {
            try state.follow(order(.put(.drain), servers.last ?? ""), by: author, now: now)
        }
        #expect(error?.kind == .full)
        // In the place of another there is room.
        _ = try state.follow(order(.put(.drain), servers[0]), by: author, now: now)
    }

    @Test("A run that stays not takes what is said by hand into account")
    func once() throws {
        var declaration = Declaration(try Configuration.parse(Self.files, file: "f"))
        let overrides = Overrides([
            Override(.drain, of: .init(IPAddress(v4: 0x0A00_0002)), since: now, by: author),
            Override(.drain, of: .init(IPAddress(v4: 0x0A00_0099)), since: now, by: author),
        ])
        let counted = declaration.apply(Recollection(), overrides)
        #expect(counted.count == 1)
        #expect(declaration.configuration.desired.virtualServers.map { $0.realServers.count } == [1, 2])
    }

    @Test("An order that the loop does not come to in time is never followed")
    func desk() async throws {
        let desk = OverrideDesk(patience: .milliseconds(30))
        let order = try order(.put(.drain), "10.0.0.1")
        guard case .late = desk.ask(order, by: author) else {
            Issue.record("it was answered")
            return
        }
        #expect(desk.take().isEmpty)
    }
}

@Suite("Overrides by hand, over restarts")
struct OverrideStoreTests {
    private let folder: TemporaryFolder
    private let store: OverrideStore
    private let now = ContinuousClock.now

    init() throws {
        folder = try TemporaryFolder()
        store = OverrideStore(directory: folder.path, identity: StateIdentity(boot: "boot", namespace: "1"))
    }

    private func override(_ text: String, _ action: Override.Action, for length: Duration? = nil) throws -> Override {
        let server = try #require(RealServerText(text))
        let key = VirtualServerKey.firewallMark(7, .ipv6)
        return Override(
            action, of: Override.Target(server.address, port: server.port, in: server.port == nil ? nil : key),
            since: now - .seconds(40), until: length.map { now + $0 }, by: Override.Author(user: 4, process: 5))
    }

    @Test("What was said holds again until its time is over")
    func roundTrip() throws {
        let overrides = [
            try override("10.0.0.1", .drain), try override("[2001:db8::1]:80", .weight(0), for: .seconds(100)),
            try override("2001:db8::1", .weight(9), for: .seconds(50)),
        ]
        try store.save(Overrides(overrides), now: now)
        let (again, problem) = store.load(now: now)
        #expect(problem == nil)
        #expect(again.all.map(\.target) == overrides.map(\.target).sorted())
        #expect(Set(again.all.map(\.action)) == [.drain, .weight(0), .weight(9)])
        for override in again.all {
            #expect(override.author == Override.Author(user: 4, process: 5))
            #expect(abs(override.since.duration(to: now - .seconds(40)) / .seconds(1)) < 1)
        }
        let ends = again.all.compactMap(\.until).sorted()
        #expect(ends.count == 2)
        for (end, seconds) in zip(ends, [50, 100]) {
            #expect(abs(end.duration(to: now + .seconds(seconds)) / .seconds(1)) < 1)
        }
        let over = try override("10.0.0.1", .drain, for: .seconds(-1))
        try store.save(Overrides([over]), now: now)
        #expect(store.load(now: now).0.isEmpty)
    }

    @Test(
        "What makes no sense is put aside",
        arguments: [
            "", "nonsense\n", "ipvsync overrides 1\tboot\t1\n", "ipvsync overrides 1\tboot\t1\nend\t1\n",
            "ipvsync overrides 1\tboot\t1\ndrain\t\t10.0.0.300\t\t1\t\t0\t1\nend\t1\n",
            "ipvsync overrides 1\tboot\t1\ndrain\t5\t10.0.0.1\t\t1\t\t0\t1\nend\t1\n",
            "ipvsync overrides 1\tboot\t1\nweight\t\t10.0.0.1\t\t1\t\t0\t1\nend\t1\n",
            "ipvsync overrides 1\tboot\t1\nweight\t4294967295\t10.0.0.1\t\t1\t\t0\t1\nend\t1\n",
            "ipvsync overrides 1\tboot\t1\ndrain\t\t10.0.0.1\tnothing\t1\t\t0\t1\nend\t1\n",
            "ipvsync overrides 1\tboot\t1\ndrain\t\t10.0.0.1\t\t99999999999999999\t\t0\t1\nend\t1\n",
            "ipvsync overrides 1\tboot\t1\ndrain\t\t10.0.0.1\t\t1\t18446744073709551615\t0\t1\nend\t1\n",
            "ipvsync overrides 1\tboot\t1\ndrain\t\t10.0.0.1\t\t1\t\t0\t1\ndrain\t\t10.0.0.1\t\t1\t\t0\t1\nend\t2\n",
        ])
    func corrupt(text: String) throws {
        try folder.write(text, to: "overrides-1")
        let (overrides, problem) = store.load(now: now)
        #expect(problem != nil && overrides.isEmpty)
        #expect(folder.names == ["overrides-1.corrupt"])
    }

    @Test("A file that is too long, or of another boot, is not believed")
    func foreign() throws {
        try folder.write(String(repeating: "x", count: (1 << 20) + 1), to: "overrides-1")
        #expect(store.load(now: now).problem != nil)
        try folder.write("ipvsync overrides 1\tother\t1\nend\t0\n", to: "overrides-1")
        #expect(store.load(now: now).problem == nil)
    }
}
