import Testing

@testable import HTTPService

@Suite("Heads of requests")
struct RequestHeadTests {
    private func head(_ text: String, size: Int = .max) -> RequestHead {
        var head = RequestHead()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            head.append(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return head
    }

    private func status(_ text: String) -> Int {
        do throws(RequestHead.Refusal) {
            _ = try head(text).request(localPort: nil)
            return 200
        } catch {
            return error.response.status
        }
    }

    @Test("However it is cut, it is the same request", arguments: 1...40)
    func pieces(size: Int) throws {
        let text = "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
        #expect(!head(String(text.dropLast()), size: size).isComplete)
        let whole = head(text, size: size)
        #expect(whole.isComplete && !whole.hasMore)
        #expect(
            try whole.request(localPort: 1) == HTTPRequest(path: "/a", query: ["b": "c"], accept: "*/*", localPort: 1))
    }

    @Test("What a client takes is told as one list")
    func accept() throws {
        let found = head("GET / HTTP/1.1\r\naccept: text/plain;q=0.5\r\nHost: x\r\nACCEPT:  a/b \r\n\r\n")
        #expect(try found.request(localPort: nil).accept == "text/plain;q=0.5,a/b")
    }

    @Test("What comes after it is no part of it", arguments: [1, 7, 1000])
    func more(size: Int) throws {
        let found = head("HEAD / HTTP/1.0\r\n\r\nGET /b HTTP/1.1\r\n\r\n", size: size)
        #expect(found.isComplete && found.hasMore)
        #expect(try found.request(localPort: nil) == HTTPRequest(method: .head, path: "/"))
    }

    @Test(
        "What is good enough",
        arguments: [
            "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\n\n", "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "GET http://h:1/ HTTP/1.1\r\n\r\n", "GET http://h HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nA:\r\n\r\n",
            "GET / HTTP/1.9\r\nContent-Length: 0\r\n\r\n", "GET / HTTP/1.1\r\nA: \u{e4}\t b\r\n\r\n",
        ])
    func good(text: String) {
        #expect(head(text).isComplete)
        #expect(status(text) == 200)
    }

    @Test(
        "What is not",
        arguments: [
            ("GET /\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400), (" GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1 \r\n\r\n", 400), ("GET * HTTP/1.1\r\n\r\n", 400), ("GET a HTTP/1.1\r\n\r\n", 400),
            ("GET ://x HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\n\r\n", 505), ("GET / http/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nA b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400), ("GET / HTTP/1.1\r\n: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400), ("GET /\0 HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", 413),
            ("GET / HTTP/1.1\r\nCONTENT-LENGTH:\t-0\r\n\r\n", 413), ("GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", 413),
            ("GET / HTTP/1.1\r\ntransfer-encoding: identity\r\n\r\n", 413), ("TRACE / HTTP/1.1\r\n\r\n", 405),
        ])
    func bad(text: String, status expected: Int) {
        #expect(head(text).isComplete)
        #expect(status(text) == expected)
    }

    @Test("One that is too long ends, in one piece or byte by byte", arguments: [1, 4096, Int.max])
    func tooLong(size: Int) {
        let prefix = "GET / HTTP/1.1\r\nA: "
        let fits = RequestHead.limit - prefix.utf8.count - 4
        #expect(head(prefix + String(repeating: "a", count: fits) + "\r\n\r\n", size: size).isComplete)
        let long = head(prefix + String(repeating: "a", count: fits + 1) + "\r\n\r\n", size: size)
        #expect(long.isTooLong && !long.isComplete)
        #expect(head(String(repeating: "\n", count: 100_000), size: size).isTooLong)
    }

    @Test("Dates are those of HTTP")
    func dates() {
        #expect(HTTPResponse.date(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
