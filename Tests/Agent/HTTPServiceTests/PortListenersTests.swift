import Glibc
import LoadBalancing
import Synchronization
import Testing

@testable import HTTPService

@Suite("Listeners on many ports")
struct PortListenersTests {
    /// Every port of it is free: nobody else uses this address.
    private let address = IPAddress.ownLoopback()
    private let listeners: PortListeners

    init() throws {
        listeners = try PortListeners(addresses: [address])
    }

    /// Accepts so many connections. A client may be told of its connection before the listener is.
    private func accept(_ count: Int, of others: PortListeners? = nil, take: (Int32) -> Void) {
        let listeners = others ?? self.listeners
        var accepted = 0
        while accepted < count, isReadable(listeners, within: 600) {
            listeners.acceptPending(makeRoom: { false }) { connection, _, _ in
                accepted += 1
                take(connection)
                return true
            }
        }
        #expect(accepted == count)
    }

    private func accept(_ count: Int) -> [Int32] {
        var connections: [Int32] = []
        accept(count) { connections.append($0) }
        return connections
    }

    /// Whether a connection waits to be accepted, or comes within so many seconds.
    private func isReadable(_ listeners: PortListeners, within seconds: Int32 = 0) -> Bool {
        var poll = pollfd(fd: listeners.descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, seconds * 1000) > 0
    }

    @Test("Only what differs is opened and closed")
    func difference() throws {
        #expect(listeners.use([7001, 7002]) == [])
        let early = try Client(address, port: 7001)
        #expect(listeners.use([7001, 7003]) == [])
        #expect(throws: TestError.self) { try Client(address, port: 7002) }
        let late = try Client(address, port: 7003)
        // The one that was kept still has the connection that waited there.
        let connections = accept(2)
        connections.forEach { close($0) }
        #expect(early.endsWithoutNews() && late.endsWithoutNews())
        #expect(listeners.use([]) == [])
        #expect(throws: TestError.self) { try Client(address, port: 7001) }
    }

    @Test("A port that another has is told of, and tried again; the others go on")
    func occupied() throws {
        var other: HTTPServer? = try HTTPServer(.tcp(address: address, port: 7001)) { _ in .text("") }
        #expect(other != nil)
        let problems = listeners.use([7001, 7002])
        #expect(problems.map(\.port) == [7001])
        #expect(problems.first?.error == HTTPServiceError(.listening(EADDRINUSE), at: "\(address):7001"))
        _ = try Client(address, port: 7002)
        #expect(listeners.use([7001, 7002]) == problems)
        other = nil
        #expect(listeners.use([7001, 7002]) == [])
        _ = try Client(address, port: 7001)
    }

    @Test("An address that this host does not have is told of; the others go on")
    func missingAddress() throws {
        // TEST-NET-1 of RFC 5737.
        let missing = IPAddress(v4: 0xC000_0201)
        let both = try PortListeners(addresses: [missing, address])
        let problems = both.use([7001])
        #expect(problems.map(\.error) == [HTTPServiceError(.listening(EADDRNOTAVAIL), at: "\(missing):7001")])
        _ = try Client(address, port: 7001)
    }

    @Test("Ports are opened some at a time")
    func slices() throws {
        listeners.want([7001, 7002, 7003])
        #expect(listeners.openMissing(atMost: 2))
        _ = try Client(address, port: 7001)
        #expect(throws: TestError.self) { try Client(address, port: 7003) }
        #expect(!listeners.openMissing(atMost: 2))
        _ = try Client(address, port: 7003)
        listeners.want([])
        #expect(!listeners.openMissing(atMost: 2))
    }

    @Test("Every address of the host, IPv4 and IPv6 alike")
    func allAddresses() throws {
        let everywhere = try PortListeners()
        // Below the ports that the kernel gives to clients.
        let port = try #require(
            (0..<100).lazy.map { _ in UInt16.random(in: 10000...30000) }.first { port in
                everywhere.use([port]).isEmpty
            })
        let addresses = [.loopback, address] + (IPAddress.loopbackV6.isOnThisHost ? [IPAddress.loopbackV6] : [])
        let clients = try addresses.map { try Client($0, port: port) }
        var connections: [Int32] = []
        accept(clients.count, of: everywhere) { connections.append($0) }
        connections.forEach { close($0) }
    }

    @Test("Accepting is bounded: what is left is announced again")
    func bounded() throws {
        #expect(listeners.use([7001]) == [])
        #expect(!isReadable(listeners))
        listeners.acceptPending(makeRoom: { false }) { _, _, _ in
            Issue.record("a connection of nobody's")
            return true
        }
        let clients = try (0..<40).map { _ in try Client(address, port: 7001) }
        var accepted = 0
        while accepted < clients.count, isReadable(listeners, within: 600) {
            var connections: [Int32] = []
            listeners.acceptPending(makeRoom: { false }) { connection, _, _ in
                connections.append(connection)
                return true
            }
            #expect((1...16).contains(connections.count))
            for connection in connections {
                #expect(fcntl(connection, F_GETFD) & FD_CLOEXEC != 0)
                #expect(fcntl(connection, F_GETFL) & O_NONBLOCK != 0)
                close(connection)
            }
            accepted += connections.count
        }
        #expect(accepted == clients.count)
        #expect(fcntl(listeners.descriptor, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test("A server tells the ports of its connections apart, and follows those that it is to listen on")
    func server() throws {
        let problems = Mutex<[[UInt16]]>([])
        let server = try HTTPServer(
            .ports(addresses: [address]), limits: HTTPServerTests.patient,
            problems: { found in problems.withLock { $0.append(found.map(\.port)) } },
            handler: { request in
                .text(request.localPort.map { "\($0)" } ?? "none", status: request.localPort == 7002 ? 503 : 200)
            })
        let other = try HTTPServer(.tcp(address: address, port: 7003)) { _ in .text("other") }
        defer { withExtendedLifetime((server, other)) {} }
        server.listen(on: [7001, 7002, 7003])
        while problems.withLock({ $0.isEmpty }) { sched_yield() }
        #expect(problems.withLock { $0 } == [[7003]])
        let answers = try [7001, 7002, 7001].map { try Client(address, port: $0).get("/healthz") }
        #expect(answers.map(\.body) == ["7001", "7002", "7001"])
        #expect(answers.map(\.status) == [200, 503, 200])
        server.listen(on: [7002])
        while problems.withLock({ $0.count }) < 2 { sched_yield() }
        #expect(problems.withLock { $0 } == [[7003], []])
        #expect(throws: TestError.self) { try Client(address, port: 7001) }
        #expect(try Client(address, port: 7002).get("/").body == "7002")
    }
}

extension PortListeners {
    /// Listens on these ports and on no others, and tells which it cannot.
    fileprivate func use(_ ports: Set<UInt16>) -> [PortProblem] {
        want(ports)
        while openMissing(atMost: 64) {}
        return problems
    }
}
