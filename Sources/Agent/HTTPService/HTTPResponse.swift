internal import Glibc

/// What a client is answered.
package struct HTTPResponse: Sendable {
    /// From 200 to 599: anything else ends the connection without an answer.
    package var status: Int
    /// `Content-Length`, `Date` and `Connection` are added on the way. One with a line break ends the connection
    /// without an answer.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Plain text in UTF-8.
    package static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8))
    }

    /// A text that is JSON already.
    package static func json(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }
}

// MARK: - Refusals

extension HTTPResponse {
    static var methodNotAllowed: HTTPResponse {
        var response = text("only GET and HEAD are served\n", status: 405)
        response.headers.append(("Allow", "GET, HEAD"))
        return response
    }

    static var bodyRefused: HTTPResponse { text("requests must not have a body\n", status: 413) }

    static var headTooLong: HTTPResponse {
        text("the head of a request has at most \(RequestHead.limit) bytes\n", status: 431)
    }

    static var versionNotSupported: HTTPResponse { text("only HTTP/1.0 and HTTP/1.1 are served\n", status: 505) }

    static func malformed(_ problem: String) -> HTTPResponse { text(problem + "\n", status: 400) }
}

// MARK: - Bytes

extension HTTPResponse {
    /// The status line and the headers; `nil` for what cannot be sent.
    ///
    /// - Parameter now: Seconds since 1970.
    func head(now: time_t) -> [UInt8]? {
        guard (200...599).contains(status), headers.allSatisfy({ Self.isHeader($0.name, $0.value) }) else { return nil }
        var lines = ["HTTP/1.1 \(status) \(Self.reasons[status] ?? "Status")"]
        lines += headers.map { "\($0.name): \($0.value)" }
        lines += ["Date: \(Self.date(now))", "Content-Length: \(body.count)", "Connection: close", "", ""]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    private static let reasons = [
        200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large",
        431: "Request Header Fields Too Large", 500: "Internal Server Error", 503: "Service Unavailable",
        505: "HTTP Version Not Supported",
    ]

    private static func isHeader(_ name: String, _ value: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7), whatever the locale.
    static func date(_ now: time_t) -> String {
        var now = now
        var parts = tm()
        gmtime_r(&now, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
