/// Reads the head of a request as it comes, byte by byte if it has to (RFC 9112).
///
/// Each byte is looked at once while it comes, and once more when the head is complete: a client cannot make the cost
/// grow by the way in which it cuts its request.
struct RequestHead {
    /// The longest head, in bytes. Probes send less than 500.
    static let limit = 8 << 10

    private var bytes: [UInt8] = []
    /// Bytes before this one belong to no end of the head.
    private var scanned = 0
    /// Where the current line begins.
    private var line = 0
    /// Where the request line begins.
    private var start = 0
    /// Whether the head is complete; more bytes are not taken.
    private(set) var isComplete = false
    /// Whether it is longer than it may be; more bytes are not taken.
    private(set) var isTooLong = false
    /// Whether bytes came after the head.
    private(set) var hasMore = false

    /// Takes bytes that have come.
    mutating func append(_ more: some Sequence<UInt8>) {
        guard !isComplete, !isTooLong else {
            hasMore = true
            return
        }
        bytes += more
        while scanned < bytes.count {
            let byte = bytes[scanned]
            scanned += 1
            guard byte == Self.lineFeed else { continue }
            let end = scanned - 1
            let isEmpty = end == line || (end == line + 1 && bytes[line] == Self.carriageReturn)
            if isEmpty && line > start {
                isComplete = scanned <= Self.limit
                isTooLong = !isComplete
                hasMore = scanned < bytes.count
                bytes.removeLast(bytes.count - line)
                return
            }
            // Empty lines before a request are passed over (RFC 9112, 2.2).
            if isEmpty { start = scanned }
            line = scanned
        }
        isTooLong = bytes.count >= Self.limit
    }

    /// What the complete head asks for, or the answer that refuses it.
    ///
    /// - Parameters:
    ///   - localPort: The TCP port that it came in by.
    ///   - peer: The process at the other end of a Unix socket. Only who is known may change anything.
    func request(localPort: UInt16?, peer: HTTPRequest.Peer? = nil) throws(Refusal) -> HTTPRequest {
        let lines = bytes[start...].split(separator: Self.lineFeed).map { line in
            line.last == Self.carriageReturn ? line.dropLast() : line
        }
        guard let first = lines.first else { throw Refusal(.malformed("no request line")) }
        // A carriage return or a NUL inside a line is how requests are smuggled.
        guard !lines.contains(where: { $0.contains { $0 == Self.carriageReturn || $0 == 0 } }) else {
            throw Refusal(.malformed("a control character in the head"))
        }
        let words = first.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, words.allSatisfy({ !$0.isEmpty }) else {
            throw Refusal(.malformed("a request line has a method, a target and a version"))
        }
        try Self.checkVersion(words[2])
        guard let method = HTTPRequest.Method(rawValue: String(decoding: words[0], as: UTF8.self)),
            method != .post || peer != nil
        else {
            throw Refusal(.methodNotAllowed)
        }
        var accepted: [String] = []
        for line in lines.dropFirst() {
            if case ("accept", let value) = try Self.header(line) { accepted.append(value) }
        }
        let target = try Self.path(words[1])
        let parts = target.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = String(percentDecoding: parts.first ?? []), let query = Self.query(parts.dropFirst().first)
        else { throw Refusal(.malformed("the target is not encoded properly")) }
        return HTTPRequest(
            method: method, path: path, query: query, accept: accepted.joined(separator: ","), localPort: localPort,
            peer: peer)
    }

    /// Why a request is not served.
    struct Refusal: Error {
        let response: HTTPResponse

        init(_ response: HTTPResponse) { self.response = response }
    }
}

// MARK: - Parts

extension RequestHead {
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private static func checkVersion(_ word: ArraySlice<UInt8>) throws(Refusal) {
        let version = Array(word)
        guard version.count == 8, version.starts(with: "HTTP/".utf8), version[6] == UInt8(ascii: "."),
            isDigit(version[5]), isDigit(version[7])
        else { throw Refusal(.malformed("no version of HTTP")) }
        guard version[5] == UInt8(ascii: "1") else { throw Refusal(.versionNotSupported) }
    }

    /// The name of a header, in small letters, and its value. All are checked for their form and for bodies.
    private static func header(_ line: ArraySlice<UInt8>) throws(Refusal) -> (name: String, value: String) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw Refusal(.malformed("a header has a name, a colon and a value")) }
        let value = String(decoding: line[line.index(after: colon)...], as: UTF8.self).trimmed
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        switch name {
        case "transfer-encoding": throw Refusal(.bodyRefused)
        case "content-length" where value.isEmpty || value.contains { $0 != "0" }: throw Refusal(.bodyRefused)
        default: return (name, String(value))
        }
    }

    /// The path and query of a target; what proxies send begins with a scheme and a host (RFC 9112, 3.2.2).
    private static func path(_ target: ArraySlice<UInt8>) throws(Refusal) -> ArraySlice<UInt8> {
        let slash = UInt8(ascii: "/")
        if target.first == slash { return target }
        guard let scheme = target.firstRange(of: Array("://".utf8)), scheme.lowerBound > target.startIndex else {
            throw Refusal(.malformed("a target begins with a slash"))
        }
        let rest = target[scheme.upperBound...]
        return rest.firstIndex(of: slash).map { rest[$0...] } ?? [slash]
    }

    /// The items of a query; `nil` if one cannot be decoded.
    private static func query(_ text: ArraySlice<UInt8>?) -> [String: String]? {
        var query: [String: String] = [:]
        for item in text?.split(separator: UInt8(ascii: "&")) ?? [] {
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                .map { part in
                    String(percentDecoding: part.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 })
                }
            guard let name = parts[0], let value = parts.count > 1 ? parts[1] : "" else { return nil }
            query[name] = value
        }
        return query
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

extension String {
    /// Without spaces and tabs around it.
    fileprivate var trimmed: Substring {
        var text = self[...]
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text.drop { $0 == " " || $0 == "\t" }
    }
}

/// What a client asks for.
package struct HTTPRequest: Hashable, Sendable {
    /// The methods that are served; every other is refused before it gets here.
    package enum Method: String, Hashable, Sendable, CaseIterable {
        case get = "GET"
        /// Answered like ``get``; the body is left out on the way.
        case head = "HEAD"
        /// Changes something, as the query says; only over a Unix socket.
        case post = "POST"
    }

    /// The process at the other end of a Unix socket, as it was when it connected (`SO_PEERCRED`).
    package struct Peer: Hashable, Sendable {
        package let user: UInt32
        /// 0 for a process that this one cannot see.
        package let process: Int32

        package init(user: UInt32, process: Int32) {
            self.user = user
            self.process = process
        }
    }

    package let method: Method
    /// The path, percent-decoded and without the query: `/v1/services`.
    package let path: String
    /// The items of the query, percent-decoded with `+` as a space; empty for one without `=`, and of several with
    /// one name the last.
    package let query: [String: String]
    /// The media types that the client takes, as it writes them (RFC 9110, 12.5.1); empty when it does not say.
    package let accept: String
    /// The TCP port that it came in by; `nil` for a Unix socket.
    package let localPort: UInt16?
    /// `nil` for a TCP port.
    package let peer: Peer?

    package init(
        method: Method = .get, path: String, query: [String: String] = [:], accept: String = "",
        localPort: UInt16? = nil, peer: Peer? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.accept = accept
        self.localPort = localPort
        self.peer = peer
    }
}

extension String {
    /// Decodes `%41` and the like (RFC 3986, 2.1); `nil` if a `%` has no two digits after it or the bytes are no UTF-8.
    init?(percentDecoding text: some Sequence<UInt8>) {
        var bytes: [UInt8] = []
        var rest = text.makeIterator()
        while let byte = rest.next() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else if let high = rest.next().flatMap(Self.digit), let low = rest.next().flatMap(Self.digit) {
                bytes.append(high << 4 | low)
            } else {
                return nil
            }
        }
        self.init(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
