import Glibc
import HTTPService
import LoadBalancing
import Synchronization
import Testing

@Suite("HTTP server")
struct HTTPServerTests {
    /// Connections must not end while a test is at it, be the machine ever so slow.
    static var patient: HTTPServer.Limits {
        var limits = HTTPServer.Limits.standard
        limits.requestTimeout = .seconds(600)
        limits.answerTimeout = .seconds(600)
        return limits
    }

    /// Tells what it was asked.
    static let echo: HTTPServer.Handler = { request in
        guard request.path.hasPrefix("/echo") else { return .text("no such page\n", status: 404) }
        let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return .text("\(request.method) \(request.path) \(query)")
    }

    private func server(
        _ limits: HTTPServer.Limits = patient, handler: @escaping HTTPServer.Handler = echo
    ) throws -> (server: HTTPServer, port: UInt16) {
        let server = try HTTPServer(.tcp(address: .loopback, port: 0), limits: limits, handler: handler)
        return (server, try #require(server.port))
    }

    @Test("A request is answered and its connection ends; HEAD leaves the body out")
    func methods() throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        let client = try Client(port: port)
        let get = try client.get("/echo")
        #expect(get.status == 200)
        #expect(get.body == "get /echo []")
        #expect(get.headers["content-type"] == "text/plain; charset=utf-8")
        #expect(get.headers["server"] == nil)
        #expect(get.headers["connection"] == "close")
        #expect(client.endsWithoutNews())
        let head = try Client(port: port)
        let answer = try head.get("/echo", method: "HEAD")
        #expect(answer.status == 200)
        #expect(answer.headers["content-length"] == "\("head /echo []".utf8.count)")
        #expect(head.endsWithoutNews())
        #expect(try Client(port: port).get("/else").status == 404)
    }

    @Test("Without an address it listens at all of both families")
    func everywhere() throws {
        let server = try HTTPServer(.tcp(address: nil, port: 0)) { .text($0.path) }
        defer { withExtendedLifetime(server) {} }
        let port = try #require(server.port)
        for text in ["127.0.0.1", "127.0.0.2", "::1"] {
            let address = try #require(IPAddress(text))
            guard address.isOnThisHost else { continue }
            #expect(try Client(address, port: port).get("/a").body == "/a")
        }
        let error = #expect(throws: HTTPServiceError.self) {
            try HTTPServer(.tcp(address: nil, port: port)) { .text($0.path) }
        }
        #expect(error?.kind == .listening(EADDRINUSE))
    }

    @Test("Requests that come one after another without waiting: the first is answered, and nothing is lost of it")
    func pipelining() throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        let client = try Client(port: port)
        client.send((0..<100).map { "GET /echo/\($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
        #expect(try client.answer().body == "get /echo/0 []")
        client.finish()
        #expect(client.endsWithoutNews())
    }

    @Test("A client that closes its half after the request is answered")
    func halfClosed() throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        let client = try Client(port: port)
        client.request("/echo")
        client.finish()
        #expect(try client.answer().body == "get /echo []")
    }

    @Test("Other methods are refused", arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "get", "X"])
    func otherMethods(method: String) throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        let answer = try Client(port: port).get("/echo", method: method)
        #expect(answer.status == 405)
        #expect(answer.headers["allow"] == "GET, HEAD")
        #expect(answer.headers["connection"]?.lowercased() == "close")
    }

    @Test("Requests with a body are refused", arguments: ["Content-Length: 10", "Transfer-Encoding: chunked"])
    func bodies(header: String) throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        let client = try Client(port: port)
        #expect(try client.get("/echo", headers: [header]).status == 413)
        #expect(client.endsWithoutNews())
        #expect(try Client(port: port).get("/echo", headers: ["Content-Length: 0"]).status == 200)
    }

    @Test(
        "Paths and queries are decoded",
        arguments: [
            ("/echo?a=1&b=2", "get /echo [\"a=1\", \"b=2\"]"),
            ("/echo/a%2Fb%20c?x%3D=%26+%2B", "get /echo/a/b c [\"x==& +\"]"),
            ("/echo?flag&empty=", "get /echo [\"empty=\", \"flag=\"]"),
            ("/echo?a=1&a=2", "get /echo [\"a=2\"]"),
            ("/echo?a=%C3%A4", "get /echo [\"a=ä\"]"),
            ("/echo+1?", "get /echo+1 []"),
        ])
    func decoding(target: String, body: String) throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        #expect(try Client(port: port).get(target).body == body)
    }

    @Test("An encoded NUL does not cut a path or a value short")
    func encodedNUL() throws {
        let requests = Mutex<[HTTPRequest]>([])
        let (server, port) = try server { request in
            requests.withLock { $0.append(request) }
            return .json("{}")
        }
        defer { withExtendedLifetime(server) {} }
        #expect(try Client(port: port).get("/a%00b?c=d%00e").headers["content-type"] == "application/json")
        #expect(requests.withLock { $0 } == [HTTPRequest(path: "/a\0b", query: ["c": "d\0e"], localPort: port)])
    }

    @Test("What cannot be decoded is refused", arguments: ["/echo%", "/echo%4", "/echo%zz", "/echo%FF", "/echo?a=%C3"])
    func malformed(target: String) throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        #expect(try Client(port: port).get(target).status == 400)
    }

    @Test("Headers that are too large are refused, and the server goes on")
    func largeHeaders() throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        let client = try Client(port: port)
        client.request("/echo", headers: ["X: " + String(repeating: "x", count: 64 << 10)])
        #expect(try client.answer().status == 431)
        #expect(try Client(port: port).get("/echo").status == 200)
    }

    @Test(
        "Nonsense is refused, and the server goes on",
        arguments: ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{3}\u{1}"])
    func nonsense(text: String) throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        let client = try Client(port: port)
        client.send(text)
        #expect(try Client(port: port).get("/echo").status == 200)
        if let status = client.hasNews ? try? client.answer().status : nil { #expect(status >= 400) }
    }

    @Test("A slow client holds up nobody")
    func slowClient() throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        let slow = try Client(port: port)
        slow.send("GET /echo HTT")
        #expect(try Client(port: port).get("/echo").status == 200)
        slow.send("P/1.1\r\nHost: test\r\n\r\n")
        #expect(try slow.answer().status == 200)
    }

    @Test("200 requests at once are all answered")
    func manyRequests() throws {
        let (server, port) = try server()
        defer { withExtendedLifetime(server) {} }
        let clients = try (0..<200).map { number in
            let client = try Client(port: port)
            client.request("/echo/\(number)", headers: ["Connection: close"])
            return client
        }
        for (number, client) in clients.enumerated() {
            #expect(try client.answer().body == "get /echo/\(number) []")
        }
    }

    @Test("A client that goes away in the middle of a long answer does no harm")
    func brokenPipe() throws {
        let body = [UInt8](repeating: 0x20, count: 16 << 20)
        let (server, port) = try server { request in
            request.path == "/long" ? HTTPResponse(body: body) : .text("")
        }
        defer { withExtendedLifetime(server) {} }
        for _ in 0..<20 { try Client(port: port).request("/long") }
        #expect(try Client(port: port).get("/").status == 200)
    }

    @Test("An answer that cannot be sent ends the connection")
    func unusableAnswers() throws {
        let (server, port) = try server { request in
            request.path == "/status" ? .text("", status: 7) : HTTPResponse(headers: [("A", "b\r\nSet-Cookie: c")])
        }
        defer { withExtendedLifetime(server) {} }
        for target in ["/status", "/header"] {
            let client = try Client(port: port)
            client.request(target)
            #expect(client.endsWithoutNews())
        }
    }

    @Test("IPv6, apart from IPv4 on the same port", .enabled(if: IPAddress.loopbackV6.isOnThisHost))
    func dualPorts() throws {
        let sixth = try HTTPServer(.tcp(address: IPAddress(v6High: 0, low: 0), port: 0)) { _ in .text("6") }
        let port = try #require(sixth.port)
        // Another process may have that port by IPv4; then there is nothing to see here.
        guard let fourth = try? HTTPServer(.tcp(address: IPAddress(v4: 0), port: port), handler: { _ in .text("4") })
        else { return }
        defer { withExtendedLifetime((sixth, fourth)) {} }
        #expect(try Client(.loopbackV6, port: port).get("/").body == "6")
        #expect(try Client(port: port).get("/").body == "4")
    }

    @Test("A port that another has is an error, and it is free when the server has ended")
    func occupiedPort() throws {
        let address = IPAddress.ownLoopback()
        var server: HTTPServer? = try HTTPServer(.tcp(address: address, port: 0)) { _ in .text("") }
        let port = try #require(server?.port)
        #expect(throws: HTTPServiceError(.listening(EADDRINUSE), at: "\(address):\(port)")) {
            try HTTPServer(.tcp(address: address, port: port)) { _ in .text("") }
        }
        server = nil
        #expect(try HTTPServer(.tcp(address: address, port: port)) { _ in .text("") }.port == port)
    }
}
