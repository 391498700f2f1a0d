import Glibc
import LoadBalancing

extension BalancedLab {
    /// The pods that answer each of the client's addresses.
    func serversBySource(_ family: AddressFamily) throws(ScenarioFailure) -> [Set<String>] {
        try LabPlace.outsideAddresses(family).indices.map { (source) throws(ScenarioFailure) in
            Set(try servers(try question(family, source: source), times: 3))
        }
    }

    /// Sends datagrams from one socket that takes answers from anybody.
    ///
    /// - Returns: Who answered, and the address from which the answer came.
    func datagrams(
        _ question: LabQuestion, count: Int
    ) throws(ScenarioFailure) -> [(server: String, from: String)] {
        let source = try require(question.source, "datagrams need a source")
        let socket = try lab.inside(question.place) { () throws(ScenarioFailure) in
            try TrafficSocket(.udp, boundTo: source)
        }
        return try (0..<count).map { (_) throws(ScenarioFailure) in
            socket.send([UInt8(ascii: "?")], to: question.target)
            let answer = try require(try answer(on: socket), "no answer to a datagram")
            let outcome = LabOutcome(line: answer.bytes.dropLast())
            return (try require(outcome.server, "\(outcome)"), answer.source.host)
        }
    }

    private func answer(on socket: TrafficSocket) throws(ScenarioFailure) -> (bytes: [UInt8], source: SocketAddress)? {
        var descriptors = [pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)]
        _ = poll(&descriptors, 1, Int32(Patience.step / .milliseconds(1)))
        return try socket.readDatagram()
    }

    /// In how many seconds the kernel forgets to whom it has bound the client, as things are; `nil` once it has.
    func templateExpiry(
        _ family: AddressFamily, _ transport: TransportProtocol = .tcp
    ) throws(ScenarioFailure) -> Int? {
        // A template has no source port: `TCP 01:58 ASSURED 203.0.113.11:0 …`.
        let client = LabPlace.outside.address(family)
        let source = family == .ipv4 ? "\(client):0" : "[\(client)]:0"
        let lines = try context.ipvsadm("-Lnc").outputLines.filter { line in
            line.hasPrefix("\(transport)".uppercased()) && line.contains(" \(source) ")
        }
        guard let fields = lines.first?.split(separator: " ") else { return nil }
        let time = fields.count > 1 ? fields[1].split(separator: ":").compactMap { Int($0) } : []
        guard time.count == 2 else { throw ScenarioFailure("no time in \(lines)") }
        return time[0] * 60 + time[1]
    }
}
