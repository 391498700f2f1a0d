internal import Documents
package import KubernetesObjects

/// Something that an object's owner should know, for `kubectl describe` and `kubectl events`.
package struct ClusterEvent: Hashable, Sendable {
    /// `Service` or `Node`.
    package let kind: String
    package let object: ObjectName
    /// The object's; empty when it is not known.
    package let uid: String
    /// What it is, in one word that does not change: `AddressRefused`.
    package let reason: String
    package let note: String

    package init(kind: String, object: ObjectName, uid: String, reason: String, note: String) {
        self.kind = kind
        self.object = object
        self.uid = uid
        self.reason = reason
        self.note = note
    }
}

/// Events (`events.k8s.io/v1`) on their way to an API server: counted, few at a time, and never more than so many. Pure:
/// events in, requests out.
///
/// All nodes give an event of a Service the same name, so the first one tells it for all.
package struct EventQueue: Sendable {
    /// Events that wait; of one namespace a quarter.
    static let limit = 200
    /// Events that are remembered, to be counted instead of told again.
    static let memory = 500
    /// Requests at once, and the time in which there may be another one.
    static let burst = 20.0
    static let interval = Duration.seconds(5)
    /// The least time between two counts of one event.
    static let countInterval = Duration.seconds(60)
    /// How long nothing of a namespace is sent after the server has refused it.
    static let refusalPause = Duration.seconds(600)
    /// Attempts of one request.
    private static let attempts = 3
    /// How long another node's Event counts.
    static let othersTime = Duration.seconds(3_600)
    /// Bytes of a note (`validation.go` in `pkg/apis/core/validation` of Kubernetes).
    private static let noteLimit = 1_024 - "…".utf8.count

    private struct Record {
        let name: String
        let first: Double
        var last: Double
        var count = 1
        var isCreated = false
        /// Until when another node, which has told it, counts: the server forgets an Event after an hour by default.
        var othersUntil: ContinuousClock.Instant?
        var isWaiting = true
        var failures = 0
        var earliest: ContinuousClock.Instant
    }

    private let node: String
    private var records: [ClusterEvent: Record] = [:]
    private var waiting: [ClusterEvent] = []
    private var underWay: ClusterEvent?
    private var tokens = burst
    private var refilled: ContinuousClock.Instant
    private var resumption: ContinuousClock.Instant?
    /// Namespaces whose Events the server refuses, and until when none is sent: the right is missing, or the namespace is
    /// ending, which only its own Events have to bear.
    private var refusing: [String: ContinuousClock.Instant] = [:]
    private var backoff = Backoff()
    /// Requests that the server has taken.
    package private(set) var sent: UInt64 = 0
    /// Events that nobody will hear of.
    package private(set) var dropped: UInt64 = 0
    /// Why the server takes none; `nil` while it does.
    package private(set) var problem: String?

    package init(node: String, now: ContinuousClock.Instant) {
        self.node = node
        refilled = now
    }

    /// Takes an event; one that was told before is counted.
    ///
    /// - Parameter seconds: Since 1970.
    package mutating func add(_ event: ClusterEvent, at seconds: Double, now: ContinuousClock.Instant) {
        if let end = refusing[event.object.namespace], end > now {
            dropped += 1
            return
        }
        if var record = records[event] {
            record.count += 1
            record.last = seconds
            if let end = record.othersUntil, end <= now {
                record.othersUntil = nil
                record.isCreated = false
            }
            if !record.isWaiting, record.othersUntil == nil, underWay != event {
                record.isWaiting = true
                waiting.append(event)
            }
            records[event] = record
            return
        }
        let mates = waiting.count { $0.object.namespace == event.object.namespace }
        guard waiting.count < Self.limit, mates < Self.limit / 4 else {
            dropped += 1
            return
        }
        if records.count >= Self.memory { forgetOldest() }
        records[event] = Record(name: Self.name(event), first: seconds, last: seconds, earliest: now)
        waiting.append(event)
    }

    /// How many events are remembered.
    var rememberedCount: Int { records.count }

    private mutating func forgetOldest() {
        let idle = records.filter { !$0.value.isWaiting && $0.key != underWay }
        if let oldest = idle.min(by: { $0.value.last < $1.value.last })?.key { records[oldest] = nil }
    }

    /// The next request; `nil` while one is under way, or none may be made. Tell of its answer by ``finish(_:now:)``.
    package mutating func next(now: ContinuousClock.Instant) -> APIRequest? {
        refill(now)
        guard underWay == nil, tokens >= 1, resumption.map({ $0 <= now }) ?? true,
            let index = waiting.firstIndex(where: { records[$0].map { $0.earliest <= now } ?? true })
        else { return nil }
        let event = waiting.remove(at: index)
        guard let record = records[event] else { return nil }
        tokens -= 1
        underWay = event
        records[event]?.isWaiting = false
        return request(event, record)
    }

    private mutating func refill(_ now: ContinuousClock.Instant) {
        tokens = min(Self.burst, tokens + refilled.duration(to: now) / Self.interval)
        refilled = now
    }

    /// When there may be a request; `nil` while nothing waits.
    package var wakeUp: ContinuousClock.Instant? {
        guard underWay == nil, let soonest = waiting.compactMap({ records[$0]?.earliest }).min() else { return nil }
        let allowed = tokens >= 1 ? refilled : refilled + Self.interval * (1 - tokens)
        return max(soonest, allowed, resumption ?? soonest)
    }

    /// Takes the answer to the request that is under way.
    ///
    /// - Parameter status: 0 when there was none.
    package mutating func finish(_ status: Int, now: ContinuousClock.Instant) {
        guard let event = underWay, var record = records[event] else { return }
        underWay = nil
        switch status {
        case 200...299:
            sent += 1
            settle(&record, now)
        // Another node was first, or this one before it was started again.
        case 409 where !record.isCreated:
            settle(&record, now)
            record.othersUntil = now + Self.othersTime
        // The server has forgotten it.
        case 404 where record.isCreated: again(event, &record)
        case 401, 403, 404: return refuse(event.object.namespace, event, status, now)
        case 0, 429, 500...599:
            record.failures += 1
            var generator = SystemRandomNumberGenerator()
            resumption = now + backoff.next(&generator)
            guard record.failures < Self.attempts else { return drop(event) }
            record.isWaiting = true
            waiting.insert(event, at: 0)
        // In the same way, it would be refused again.
        default: return drop(event)
        }
        records[event] = record
    }

    private mutating func settle(_ record: inout Record, _ now: ContinuousClock.Instant) {
        problem = nil
        resumption = nil
        backoff.reset()
        record.isCreated = true
        record.failures = 0
        record.earliest = now + Self.countInterval
    }

    private mutating func refuse(
        _ namespace: String, _ event: ClusterEvent, _ status: Int, _ now: ContinuousClock.Instant
    ) {
        problem =
            "HTTP \(status): Events of the namespace '\(namespace)' are not told; unless it is ending, grant the right to "
            + "create and patch events of events.k8s.io"
        refusing = refusing.filter { $0.value > now }
        if refusing.count < Self.limit { refusing[namespace] = now + Self.refusalPause }
        let mates = waiting.filter { $0.object.namespace == namespace }
        waiting.removeAll { $0.object.namespace == namespace }
        dropped += UInt64(mates.count) + 1
        for event in mates + [event] { records[event] = nil }
    }

    private mutating func again(_ event: ClusterEvent, _ record: inout Record) {
        record.isCreated = false
        record.isWaiting = true
        waiting.append(event)
    }

    private mutating func drop(_ event: ClusterEvent) {
        dropped += 1
        records[event] = nil
    }

    // MARK: - Requests

    private func request(_ event: ClusterEvent, _ record: Record) -> APIRequest {
        let namespace = event.object.namespace.isEmpty ? "default" : event.object.namespace
        let path = "/apis/events.k8s.io/v1/namespaces/\(namespace)/events"
        let series: Document = [
            "count": .integer(Int64(record.count)), "lastObservedTime": .string(Timestamp.text(record.last)),
        ]
        guard !record.isCreated else {
            let change: Document = ["series": series]
            return APIRequest(.patch, "\(path)/\(record.name)", change.json(pretty: false))
        }
        var regarding: [Document.Member] = [
            .init("apiVersion", "v1"), .init("kind", .string(event.kind)), .init("name", .string(event.object.name)),
        ]
        if !event.object.namespace.isEmpty { regarding.append(.init("namespace", .string(event.object.namespace))) }
        if !event.uid.isEmpty { regarding.append(.init("uid", .string(event.uid))) }
        var members: [Document.Member] = [
            .init("apiVersion", "events.k8s.io/v1"), .init("kind", "Event"),
            .init("metadata", ["name": .string(record.name), "namespace": .string(namespace)]),
            .init("eventTime", .string(Timestamp.text(record.first))), .init("type", "Warning"),
            .init("reason", .string(event.reason)), .init("action", "Synchronize"),
            .init("reportingController", "ipvsync.io/agent"),
            .init("reportingInstance", .string(String(node.prefix(128)))), .init("regarding", .mapping(regarding)),
            .init("note", .string(event.note.cut(to: Self.noteLimit))),
        ]
        if record.count > 1 { members.append(.init("series", series)) }
        return APIRequest(.post, path, Document.mapping(members).json(pretty: false))
    }

    /// The object's name with a number of what is told of it, the same on all nodes.
    private static func name(_ event: ClusterEvent) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(event.kind)/\(event.uid)/\(event.reason)/\(event.note)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return "\(event.object.name.prefix(230)).\(String(hash, radix: 16))"
    }
}
