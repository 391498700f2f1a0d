import Glibc
import LoadBalancing
import Synchronization
import Testing

@testable import HTTPService

/// What clients do to keep a server from others.
@Suite("Nobody occupies a server")
struct OccupationTests {
    private final class Gate: Sendable {
        private let isOpen = Atomic<Bool>(false)
        private let waiting = Atomic<Int>(0)

        func open() { isOpen.store(true, ordering: .releasing) }

        func wait() {
            waiting.add(1, ordering: .relaxed)
            while !isOpen.load(ordering: .acquiring) { usleep(1000) }
        }

        func awaitVisitors(_ count: Int) {
            while waiting.load(ordering: .relaxed) < count { usleep(1000) }
        }
    }

    private func server(
        _ limits: HTTPServer.Limits = HTTPServerTests.patient, figures: HTTPFigures = HTTPFigures(),
        slowKey: HTTPServer.SlowKey? = nil, handler: @escaping HTTPServer.Handler = { _ in .text("here") }
    ) throws -> (server: HTTPServer, port: UInt16) {
        let server = try HTTPServer(
            .tcp(address: .loopback, port: 0), limits: limits, figures: figures, slowKey: slowKey, handler: handler)
        return (server, try #require(server.port))
    }

    @Test("1,000 slow clients of one address hang on; a newcomer of the same address is answered", arguments: [4, 256])
    func slowClients(places: Int) throws {
        var limits = HTTPServerTests.patient
        limits.places = places
        let figures = HTTPFigures()
        let (server, port) = try server(limits, figures: figures)
        defer { withExtendedLifetime(server) {} }
        var slow: [Client] = []
        for number in 0..<1000 {
            let client = try Client(port: port)
            if number % 2 == 0 { client.send("GET / HT") }
            slow.append(client)
            if number % 100 == 99 { #expect(try Client(port: port).get("/").status == 200) }
        }
        #expect(figures.current.open <= places + 1)
        #expect(figures.current.ended[.displaced] ?? 0 >= UInt64(1000 - places))
    }

    @Test("A client that comes and is slow does not displace one of another address")
    func otherAddress() throws {
        var limits = HTTPServerTests.patient
        limits.places = 8
        let server = try HTTPServer(.tcp(address: IPAddress(v4: 0), port: 0), limits: limits) { _ in .text("here") }
        let port = try #require(server.port)
        let honest = try Client(port: port, from: .ownLoopback())
        honest.send("GET / HTTP/1.1\r\n")
        let slow = try (0..<100).map { _ in try Client(port: port) }
        defer { withExtendedLifetime(slow) {} }
        honest.send("\r\n")
        #expect(try honest.answer().body == "here")
    }

    /// As many places as the agent gives health check ports on a machine with enough descriptors.
    @Test("1,000 probers that would keep their connections are answered again and again, though one client hangs on")
    func probers() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var limits = HTTPServerTests.patient
        limits.places = 1024
        let figures = HTTPFigures()
        let server = try HTTPServer(.tcp(address: IPAddress(v4: 0), port: 0), limits: limits, figures: figures) { _ in
            .text("here")
        }
        let port = try #require(server.port)
        let addresses = (0..<1000).map { IPAddress(v4: 0x7F20_0001 + UInt32($0)) }
        var held: [Client] = []
        for _ in 0..<2 {
            // All are there before the first one asks; among them, as many of one other address.
            var probers: [Client] = []
            for address in addresses {
                probers.append(try Client(port: port, from: address))
                held.append(try Client(port: port))
            }
            for prober in probers { prober.request("/", headers: ["Connection: keep-alive"]) }
            for prober in probers {
                let answer = try prober.answer()
                #expect(answer.status == 200 && answer.headers["connection"] == "close")
            }
            // What was answered has no place any more, though its client does not close it.
            held += probers
        }
        // An answer is counted after it was sent.
        let end = ContinuousClock.now + .seconds(60)
        while figures.current.answered < 2_000, .now < end { usleep(1_000) }
        #expect(figures.current.answered == 2_000)
        #expect(figures.current.open <= limits.places + 1)
        #expect(figures.current.ended.keys.allSatisfy { $0 == .displaced })
    }

    @Test("Whose request came while the server was held up is answered, whoever waits behind")
    func burst() throws {
        var limits = HTTPServerTests.patient
        limits.places = 32
        let gate = Gate()
        let (server, port) = try server(
            limits,
            handler: { request in
                if request.path == "/hold" { gate.wait() }
                return .text("here")
            })
        defer { withExtendedLifetime(server) {} }
        // While the server is held up, a queue grows before it.
        let holder = try Client(port: port)
        holder.request("/hold")
        gate.awaitVisitors(1)
        let honest = try Client(port: port)
        let crowd = try (0..<300).map { _ in try Client(port: port) }
        defer { withExtendedLifetime(crowd) {} }
        honest.send("GET / HTTP/1.1\r\n\r\n")
        gate.open()
        #expect(try holder.answer().body == "here")
        #expect(try honest.answer().body == "here")
    }

    @Test("300 connections that are closed or reset at once", arguments: [false, true])
    func floods(resets: Bool) throws {
        let figures = HTTPFigures()
        let (server, port) = try server(figures: figures)
        defer { withExtendedLifetime(server) {} }
        for _ in 0..<3 {
            for _ in 0..<300 {
                let client = try Client(port: port)
                if resets { client.reset() }
            }
            #expect(try Client(port: port).get("/").status == 200)
        }
        while figures.current.open > 0 { usleep(1000) }
    }

    @Test("A request that trickles ends, though something always comes")
    func tricklingRequest() throws {
        var limits = HTTPServer.Limits.standard
        limits.requestTimeout = .milliseconds(200)
        let figures = HTTPFigures()
        let (server, port) = try server(limits, figures: figures)
        defer { withExtendedLifetime(server) {} }
        let client = try Client(port: port)
        client.send("GET / HTTP/1.1\r\nA: ")
        while !client.hasNews {
            client.send("a")
            usleep(5000)
        }
        #expect(client.endsWithoutNews())
        #expect(figures.current.ended == [.late: 1])
    }

    @Test("An answer that is taken byte by byte ends, though something always goes", arguments: ["/", "/slow"])
    func tricklingAnswer(target: String) throws {
        var limits = HTTPServerTests.patient
        limits.answerTimeout = .milliseconds(200)
        let body = [UInt8](repeating: 0x20, count: 16 << 20)
        let figures = HTTPFigures()
        let (server, port) = try server(
            limits, figures: figures, slowKey: { $0.path == "/slow" ? "" : nil },
            handler: { _ in HTTPResponse(body: body) })
        defer { withExtendedLifetime(server) {} }
        // On a busy machine the time may be over before anything goes: that shows nothing.
        var hasBegun = false
        for attempt in UInt64(1)... {
            let client = try Client(port: port)
            client.request(target)
            while figures.current.ended[.late] != attempt {
                hasBegun = client.receiveByte() || hasBegun
                usleep(5000)
            }
            #expect(figures.current.answered == 0)
            if hasBegun { break }
        }
    }

    @Test("What is answered at once does not wait for what takes long; a server ends while an answer is worked out")
    func slowAnswers() throws {
        let gate = Gate()
        var server: HTTPServer?
        (server, _) = try self.server(slowKey: { $0.path == "/slow" ? "" : nil }) { request in
            if request.path == "/slow" { gate.wait() }
            return .text(request.path)
        }
        let port = try #require(server?.port)
        let slow = try (0..<100).map { _ in
            let client = try Client(port: port)
            client.request("/slow")
            return client
        }
        gate.awaitVisitors(1)
        for _ in 0..<20 { #expect(try Client(port: port).get("/").body == "/") }
        #expect(server != nil)
        server = nil
        #expect(slow.allSatisfy { $0.endsWithoutNews() })
        gate.open()
    }

    @Test("Requests that wait for the same answer share it, and one that came during the work gets a new one")
    func sharedAnswers() throws {
        let gate = Gate()
        let count = Atomic<Int>(0)
        let received = Atomic<Int>(0)
        let (server, port) = try server(slowKey: { request in
            received.add(1, ordering: .relaxed)
            return request.path
        }) { _ in
            let number = count.add(1, ordering: .relaxed).newValue
            if number == 1 { gate.wait() }
            return .text("\(number)")
        }
        defer { withExtendedLifetime(server) {} }
        let first = try Client(port: port)
        first.request("/")
        gate.awaitVisitors(1)
        let others = try (0..<10).map { number in
            let client = try Client(port: port)
            client.request("/", method: number == 0 ? "HEAD" : "GET")
            return client
        }
        while received.load(ordering: .relaxed) < 11 { usleep(1000) }
        gate.open()
        #expect(try first.answer().body == "1")
        #expect(try others[0].answer(hasBody: false).headers["content-length"] == "1")
        for other in others.dropFirst() { #expect(try other.answer().body == "2") }
    }

    @Test("Answers that nobody takes keep no more memory than they may")
    func heldBytes() throws {
        var limits = HTTPServerTests.patient
        limits.heldBytes = 32 << 20
        let figures = HTTPFigures()
        let body = [UInt8](repeating: 0x20, count: 8 << 20)
        let (server, port) = try server(limits, figures: figures, slowKey: \.path) { _ in HTTPResponse(body: body + [])
        }
        defer { withExtendedLifetime(server) {} }
        let clients = try (0..<12).map { number in
            let client = try Client(port: port)
            client.request("/\(number)")
            #expect(client.receiveByte())
            return client
        }
        defer { withExtendedLifetime(clients) {} }
        while figures.current.ended[.displaced] ?? 0 < 8 { usleep(1000) }
        #expect(figures.current.open == 4)
    }
}
