package import Agent
internal import Documents
package import HTTPService
internal import HealthChecks
internal import LoadBalancing

/// Takes orders by hand over the agent's socket, from root and from the agent's own user.
package struct OverrideResponder: Sendable {
    package static let path = "/overrides"

    private let desk: OverrideDesk
    /// Who may give orders, beside root.
    private let user: UInt32

    /// - Parameter user: The agent's own user.
    package init(_ desk: OverrideDesk, user: UInt32) {
        self.desk = desk
        self.user = user
    }

    package func respond(to request: HTTPRequest) -> HTTPResponse {
        guard let peer = request.peer, peer.user == 0 || peer.user == user else {
            return Self.failure("only root and the agent's own user may change anything", status: 403)
        }
        let order: OverrideOrder
        do throws(OverrideQuery.Malformed) {
            order = try OverrideQuery.order(request.query)
        } catch {
            return Self.failure(error.description, status: 400)
        }
        switch desk.ask(order, by: Override.Author(user: peer.user, process: peer.process)) {
        case .done(let outcome): return .json(outcome.document(problem: nil).json())
        case .unkept(let outcome, let problem): return .json(outcome.document(problem: problem).json())
        case .late:
            return Self.failure("the agent is busy, and nothing was changed; try again", status: 503)
        case .unknown:
            return Self.failure(
                "the agent is busy, and may follow the order yet; see 'ipvsync drain --list'", status: 503)
        case .refused(let refusal): return Self.failure(refusal.description, status: refusal.status)
        }
    }

    private static func failure(_ text: String, status: Int) -> HTTPResponse {
        let document: Document = ["error": .string(text)]
        return .json(document.json(), status: status)
    }
}

/// Orders as the query of a request: what ``OverrideQuery/text(of:)`` writes, ``OverrideQuery/order(_:)`` reads.
package enum OverrideQuery {
    package struct Malformed: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// Bytes of the longest name of a virtual server.
    private static let longestName = 300

    /// `action=drain&realServer=198.51.100.1`, encoded.
    package static func text(of order: OverrideOrder) -> String {
        var items: [(String, String)] = []
        switch order.action {
        case .put(.drain): items.append(("action", "drain"))
        case .put(.weight(let weight)): items += [("action", "weight"), ("weight", "\(weight)")]
        case .enable: items.append(("action", "enable"))
        }
        items.append(("realServer", Override.Target(order.address, port: order.port).realServer))
        if let text = order.virtualServer { items.append(("virtualServer", text)) }
        if let length = order.length { items.append(("seconds", "\(length.components.seconds)")) }
        if order.isForced { items.append(("force", "1")) }
        return items.map { "\($0.0)=\(encoded($0.1))" }.joined(separator: "&")
    }

    package static func order(_ query: [String: String]) throws(Malformed) -> OverrideOrder {
        let known: Set = ["action", "realServer", "virtualServer", "seconds", "force", "weight"]
        if let unknown = query.keys.filter({ !known.contains($0) }).min() {
            throw Malformed(description: "unknown item \(unknown)")
        }
        guard let realServer = query["realServer"].flatMap({ RealServerText($0) }) else {
            throw Malformed(description: "realServer is no address and no address with a port")
        }
        let action = try action(query)
        var length: Duration?
        if let text = query["seconds"] {
            guard let seconds = UInt32(text), seconds > 0, .seconds(Int(seconds)) <= OverrideOrder.longest else {
                throw Malformed(description: "seconds is no number from 1 to a year's")
            }
            length = .seconds(Int(seconds))
        }
        if let name = query["virtualServer"], name.isEmpty || name.utf8.count > longestName {
            throw Malformed(description: "virtualServer has no text, or more than \(longestName) bytes")
        }
        return OverrideOrder(
            action, address: realServer.address, port: realServer.port, virtualServer: query["virtualServer"],
            length: length, isForced: query["force"] == "1")
    }

    private static func action(_ query: [String: String]) throws(Malformed) -> OverrideOrder.Action {
        switch query["action"] {
        case "drain": return .put(.drain)
        case "enable": return .enable
        case "weight":
            guard let weight = query["weight"].flatMap({ UInt32($0) }), weight <= RealServer.maximumWeight else {
                throw Malformed(description: "weight is no number from 0 to \(RealServer.maximumWeight)")
            }
            return .put(.weight(weight))
        default: throw Malformed(description: "action is none of drain, enable and weight")
        }
    }

    /// Percent-encoded, but for what no query can mistake.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = text.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"):
                [byte]
            default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension OverrideRefusal {
    fileprivate var status: Int {
        switch kind {
        case .unmatched: 404
        case .lastOne, .full, .useless: 409
        case .early: 503
        }
    }
}

extension OverrideOutcome {
    /// Real servers beyond these are counted and not listed.
    private static let listed = 1_000

    /// - Parameter problem: Why it is not kept over a restart.
    func document(problem: String?) -> Document {
        let ended = change.endedOverrides.map(\.override)
        return [
            "overrides": .sequence(put.map { $0.document() }),
            "ended": .sequence(ended.map { $0.document() }),
            "count": .integer(Int64(subjects.count)),
            "realServers": .sequence(
                subjects.prefix(Self.listed).map { subject in
                    [
                        "virtualServer": .string(subject.virtualServer.description),
                        "name": subject.name.map { .string($0) } ?? .null,
                        "realServer": .string(subject.realServer.description),
                    ]
                }),
            "problem": problem.map { .string($0) } ?? .null,
        ]
    }
}

extension Override {
    /// For programs.
    func document(now: ContinuousClock.Instant = .now, wall: WallTime = .now) -> Document {
        var weight = Document.null
        if case .weight(let number) = action { weight = .integer(Int64(number)) }
        return [
            "realServer": .string(target.realServer),
            "virtualServer": target.virtualServer.map { .string($0.description) } ?? .null,
            "kind": .string(kind.rawValue), "weight": weight,
            "since": .string((wall - since.duration(to: now)).description),
            "remainingSeconds": until.map { .number(max(0, now.duration(to: $0) / .seconds(1))) } ?? .null,
            "user": .integer(Int64(author.user)), "process": .integer(Int64(author.process)),
        ]
    }
}

extension Overrides {
    /// All of them, for programs; each with how many virtual servers it is about.
    func document(now: ContinuousClock.Instant = .now, wall: WallTime = .now) -> Document {
        .sequence(
            all.map { override in
                guard case .mapping(let members) = override.document(now: now, wall: wall) else { return .null }
                return .mapping(
                    members + [Document.Member("virtualServers", .integer(Int64(useCount(of: override))))])
            })
    }

    /// Writes how many there are, and which, as long as these are no more than the limit.
    func write(to text: inout Exposition, limit: Int) {
        text.begin("ipvsync_overrides", .gauge, "Overrides of real servers by hand, by kind.")
        for kind in Override.Kind.allCases {
            text.sample("ipvsync_overrides", [("kind", kind.rawValue)], count(kind))
        }
        guard count <= limit else { return }
        text.begin(
            "ipvsync_override_info", .gauge, "Each override by hand, its weight in a label; up to the traffic limit.")
        for override in all {
            text.sample(
                "ipvsync_override_info",
                [
                    ("real_server", override.target.realServer),
                    ("virtual_server", override.target.virtualServer?.description ?? ""),
                    ("override", override.action.description),
                ], 1)
        }
    }
}
