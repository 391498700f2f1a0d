internal import HealthChecks
internal import LoadBalancing

/// Subjects, as the agent sends them.
extension WireWriter {
    mutating func put(_ assignment: CheckerMessage.Assignment) {
        put(assignment.number)
        // With its length before it: one that does not read spoils no other.
        var writer = WireWriter()
        if let subject = assignment.subject { writer.put(subject) }
        put(writer.bytes)
    }

    private mutating func put(_ subject: CheckSubject) {
        put(subject.realServer.address)
        put(subject.realServer.port)
        put(subject.check)
    }

    private mutating func put(_ address: IPAddress) {
        put(address.family.rawValue)
        put(address.high)
        put(address.low)
    }

    private mutating func put(_ check: ServerCheck) {
        put(check.interval)
        put(check.timeout)
        put(check.retryDelay) { $0.put($1) }
        put(UInt32(clamping: check.rise))
        put(UInt32(clamping: check.fall))
        put(check.address) { $0.put($1) }
        put(check.port) { $0.put($1) }
        put(check.source) { $0.put($1) }
        put(check.mark)
        put(check.probe)
    }

    private mutating func put(_ probe: ServerCheck.Probe) {
        switch probe {
        case .tcp(let exchange): put(.tcp) { $0.put(exchange) { $0.put($1) } }
        case .udp(let exchange): put(.udp) { $0.put(exchange) { $0.put($1) } }
        case .http(let probe): put(.http) { $0.put(probe) }
        case .dns(let probe):
            put(.dns) {
                $0.put(probe.name)
                $0.put(probe.type)
                $0.put(probe.answer) { $0.put($1) }
            }
        case .smtp(let helo): put(.smtp) { $0.put(helo) }
        case .ping: put(.ping) { _ in }
        case .command(let probe):
            put(.command) {
                $0.put(probe.arguments) { $0.put($1) }
                $0.put(probe.isDynamic)
                $0.put(probe.user) { $0.put($1) }
                $0.put(probe.event) { $0.put($1) { $0.put($1) } }
            }
        case .file(let path): put(.file) { $0.put(path) }
        }
    }

    private mutating func put(_ kind: ProbeKind, _ write: (inout WireWriter) -> Void) {
        put(kind.rawValue)
        write(&self)
    }

    private mutating func put(_ exchange: ServerCheck.Exchange) {
        put(exchange.send)
        put(exchange.expect)
    }

    private mutating func put(_ probe: ServerCheck.HTTPProbe) {
        put(probe.isTLS)
        put(probe.method)
        put(probe.path)
        put(probe.host) { $0.put($1) }
        put(probe.headers) {
            $0.put($1.name)
            $0.put($1.value)
        }
        put(probe.statuses) {
            $0.put(Int32(clamping: $1.lowerBound))
            $0.put(Int32(clamping: $1.upperBound))
        }
        put(probe.body) { $0.put($1) }
        put(probe.serverName) { $0.put($1) }
        put(probe.verifies)
        put(probe.certificate) { $0.put($1) }
        put(probe.key) { $0.put($1) }
    }

    private mutating func put(_ body: ServerCheck.Body) {
        switch body {
        case .contains(let text):
            put(UInt8(0))
            put(text)
        case .matches(let pattern):
            put(UInt8(1))
            put(pattern)
        case .sha256(let digests):
            put(UInt8(2))
            put(digests) { $0.put($1) }
        case .md5(let digests):
            put(UInt8(3))
            put(digests) { $0.put($1) }
        }
    }
}

private enum ProbeKind: UInt8 {
    case tcp, udp, http, dns, smtp, ping, command, file
}

extension WireReader {
    mutating func assignment() throws(Malformed) -> CheckerMessage.Assignment {
        let number = try integer(CheckerMessage.Number.self)
        var reader = WireReader(try content()[...])
        do {
            let subject = try reader.subject()
            return .init(number, reader.isAtEnd ? subject : nil)
        } catch {
            return .init(number, nil)
        }
    }

    private mutating func subject() throws(Malformed) -> CheckSubject {
        let realServer = Endpoint(try address(), port: try integer())
        return CheckSubject(try check(), of: realServer)
    }

    private mutating func address() throws(Malformed) -> IPAddress {
        let family = AddressFamily(rawValue: try integer())
        let (high, low) = (try integer(UInt64.self), try integer(UInt64.self))
        switch family {
        case .ipv4:
            guard high == 0, let value = UInt32(exactly: low) else { throw Malformed() }
            return IPAddress(v4: value)
        case .ipv6: return IPAddress(v6High: high, low: low)
        case nil: throw Malformed()
        }
    }

    private mutating func check() throws(Malformed) -> ServerCheck {
        let (interval, timeout) = (try positive(), try positive())
        let retryDelay = try optional { (reader) throws(Malformed) in try reader.positive() }
        let (rise, fall) = (Int(try integer(UInt32.self)), Int(try integer(UInt32.self)))
        let address = try optional { (reader) throws(Malformed) in try reader.address() }
        let port = try optional { (reader) throws(Malformed) in try reader.integer(UInt16.self) }
        let source = try optional { (reader) throws(Malformed) in try reader.address() }
        let mark = try integer(UInt32.self)
        return ServerCheck(
            try probe(), interval: interval, timeout: timeout, retryDelay: retryDelay, rise: rise, fall: fall,
            address: address, port: port, source: source, mark: mark)
    }

    /// A time that neither stops the checker nor lets it run hot: between 1 ms and a week.
    private mutating func positive() throws(Malformed) -> Duration {
        let duration = try duration()
        guard (.milliseconds(1) ... .seconds(7 * 86_400)).contains(duration) else { throw Malformed() }
        return duration
    }

    private mutating func probe() throws(Malformed) -> ServerCheck.Probe {
        switch ProbeKind(rawValue: try integer()) {
        case .tcp: .tcp(try optional { (reader) throws(Malformed) in try reader.exchange() })
        case .udp: .udp(try optional { (reader) throws(Malformed) in try reader.exchange() })
        case .http: .http(try http())
        case .dns: .dns(.init(name: try text(), type: try text(), answer: try optionalText()))
        case .smtp: .smtp(helo: try text())
        case .ping: .ping
        case .command: .command(try command())
        case .file: .file(try text())
        case nil: throw Malformed()
        }
    }

    private mutating func exchange() throws(Malformed) -> ServerCheck.Exchange {
        .init(send: try content(), expect: try content())
    }

    private mutating func http() throws(Malformed) -> ServerCheck.HTTPProbe {
        var probe = ServerCheck.HTTPProbe()
        probe.isTLS = try flag()
        probe.method = try text()
        probe.path = try text()
        probe.host = try optionalText()
        probe.headers = try list { (reader) throws(Malformed) in .init(try reader.text(), try reader.text()) }
        probe.statuses = try list { (reader) throws(Malformed) in
            let (first, last) = (try reader.integer(Int32.self), try reader.integer(Int32.self))
            guard first <= last else { throw Malformed() }
            return Int(first)...Int(last)
        }
        probe.body = try optional { (reader) throws(Malformed) in try reader.body() }
        probe.serverName = try optionalText()
        probe.verifies = try flag()
        probe.certificate = try optionalText()
        probe.key = try optionalText()
        return probe
    }

    private mutating func body() throws(Malformed) -> ServerCheck.Body {
        switch try integer(UInt8.self) {
        case 0: .contains(try text())
        case 1: .matches(try text())
        case 2: .sha256(try texts())
        case 3: .md5(try texts())
        default: throw Malformed()
        }
    }

    private mutating func command() throws(Malformed) -> ServerCheck.CommandProbe {
        let arguments = try texts()
        guard arguments.first?.hasPrefix("/") == true else { throw Malformed() }
        var command = ServerCheck.CommandProbe(arguments, isDynamic: try flag(), user: try optionalText())
        command.event = try optional { (reader) throws(Malformed) in try reader.texts() }
        return command
    }

    private mutating func texts() throws(Malformed) -> [String] {
        try list { (reader) throws(Malformed) in try reader.text() }
    }

    private mutating func optionalText() throws(Malformed) -> String? {
        try optional { (reader) throws(Malformed) in try reader.text() }
    }
}
