package import LoadBalancing

/// A question that is put to a real server again and again: what is asked, where, how often, and how often the answer
/// has to be the same before it counts.
package struct ServerCheck: Hashable, Sendable {
    package var probe: Probe
    /// From the beginning of one attempt to the beginning of the next.
    package var interval: Duration
    /// An attempt without an answer by then has failed.
    package var timeout: Duration
    /// From a failed attempt to the next one while the real server still counts as up; `nil` for the interval.
    package var retryDelay: Duration?
    /// Successes in a row after which a real server that is down counts as up; at least 1.
    package var rise: Int
    /// Failures in a row after which a real server that is up counts as down; at least 1.
    package var fall: Int
    /// Where to ask instead of the real server's own address.
    package var address: IPAddress?
    /// Where to ask instead of the real server's own port.
    package var port: UInt16?
    /// The address to ask from; `nil` for the one that the kernel chooses.
    package var source: IPAddress?
    /// The firewall mark of what is sent (`SO_MARK`); 0 for none.
    package var mark: UInt32

    package init(
        _ probe: Probe, interval: Duration = .seconds(10), timeout: Duration = .seconds(3),
        retryDelay: Duration? = nil, rise: Int = 1, fall: Int = 3, address: IPAddress? = nil, port: UInt16? = nil,
        source: IPAddress? = nil, mark: UInt32 = 0
    ) {
        self.probe = probe
        self.interval = interval
        self.timeout = timeout
        self.retryDelay = retryDelay
        self.rise = rise
        self.fall = fall
        self.address = address
        self.port = port
        self.source = source
        self.mark = mark
    }

    /// The endpoint that is asked about a real server.
    package func target(of realServer: Endpoint) -> Endpoint {
        Endpoint(address ?? realServer.address, port: port ?? realServer.port)
    }
}

extension ServerCheck {
    /// What is asked.
    package indirect enum Probe: Hashable, Sendable {
        /// The connection is accepted; with an exchange, what is sent is answered as expected.
        case tcp(Exchange?)
        /// No ICMP error comes back within the timeout; with an exchange, the answer is as expected.
        case udp(Exchange?)
        case http(HTTPProbe)
        case dns(DNSProbe)
        /// The server greets with 220 and answers `HELO` with 250.
        case smtp(helo: String)
        /// An ICMP or ICMPv6 echo is answered.
        case ping
        case command(CommandProbe)
        /// The file holds the weight as a decimal number; 0 is down.
        case file(String)
    }

    /// What is sent, and what the answer has to hold.
    package struct Exchange: Hashable, Sendable {
        package var send: [UInt8]
        /// Bytes that the answer contains; empty for any answer.
        package var expect: [UInt8]

        package init(send: [UInt8] = [], expect: [UInt8] = []) {
            self.send = send
            self.expect = expect
        }
    }

    /// An HTTP request and what its answer has to be.
    package struct HTTPProbe: Hashable, Sendable {
        package var isTLS = false
        package var method = "GET"
        /// With the query, beginning with a slash.
        package var path = "/"
        /// The `Host` header; `nil` for the address that is asked.
        package var host: String?
        /// Further headers, in order.
        package var headers: [Header] = []
        /// Status codes that are well, as closed ranges.
        package var statuses: [ClosedRange<Int>] = [200...399]
        package var body: Body?
        /// The name in the TLS handshake, and what a certificate that is verified is for; `nil` for the host.
        package var serverName: String?
        /// Whether the certificate has to be valid by the system's authorities.
        package var verifies = false
        /// PEM files of a certificate and its key with which this node shows who it is.
        package var certificate: String?
        package var key: String?

        package init() {}
    }

    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What the body of an answer has to be.
    package enum Body: Hashable, Sendable {
        case contains(String)
        /// A POSIX extended regular expression that some part of the body matches.
        case matches(String)
        /// The digests of the whole body that are well, as 64 hexadecimal digits in lower case.
        case sha256([String])
        /// As ``sha256(_:)`` with MD5 and 32 digits, as keepalived's `genhash` prints it.
        case md5([String])
    }

    /// A question to a DNS server, over UDP.
    package struct DNSProbe: Hashable, Sendable {
        package var name: String
        /// `A`, `AAAA`, `NS`, `CNAME`, `SOA`, `MX`, `TXT`, `SRV`, `PTR`.
        package var type: String
        /// A record's data that the answer has to hold; `nil` for any answer without an error.
        package var answer: String?

        package init(name: String, type: String = "A", answer: String? = nil) {
            self.name = name
            self.type = type
            self.answer = answer
        }
    }

    /// A program of the operator: 0 is up, 1 is down; with ``isDynamic``, 2 to 255 are up with that weight less 2.
    package struct CommandProbe: Hashable, Sendable {
        /// The absolute path of the program, then its arguments; no shell is between.
        package var arguments: [String]
        package var isDynamic: Bool
        /// The user that it runs as; `nil` for the checker's.
        package var user: String?
        /// The environment of an event that it is run for, once; `nil` for a check.
        package var event: [String]?

        package init(_ arguments: [String], isDynamic: Bool = false, user: String? = nil) {
            self.arguments = arguments
            self.isDynamic = isDynamic
            self.user = user
        }
    }
}

extension ServerCheck {
    /// The kinds of check that can do without anything else, each with its own probe.
    private static let briefProbes: [String: Probe] = [
        "tcp": .tcp(nil), "udp": .udp(nil), "ping": .ping, "smtp": .smtp(helo: "localhost"), "http": .http(HTTPProbe()),
    ]

    /// Reads a check in one word: `tcp`, `udp`, `ping`, `smtp`, `http`, `http:/path` or `https:/path`.
    package init?(brief text: String) {
        if let probe = Self.briefProbes[text] {
            self.init(probe)
            return
        }
        guard let colon = text.firstIndex(of: ":") else {
            guard text == "https" else { return nil }
            var http = HTTPProbe()
            http.isTLS = true
            self.init(.http(http))
            return
        }
        var http = HTTPProbe()
        http.isTLS = text[..<colon] == "https"
        http.path = String(text[text.index(after: colon)...])
        guard http.isTLS || text[..<colon] == "http", http.path.hasPrefix("/"), http.path.utf8.count <= 2048,
            http.path.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.init(.http(http))
    }
}
