import Documents
import Foundation
import KubernetesObjects
import Testing

@testable import KubernetesAPI

/// Events on their way: what is sent, how often, and what becomes of it.
@Suite struct EventQueueTests {
    private let start = ContinuousClock.now
    private var queue: EventQueue

    init() { queue = EventQueue(node: "n1", now: start) }

    private static func event(
        _ name: String = "web", namespace: String = "shop", note: String = "it is refused"
    ) -> ClusterEvent {
        ClusterEvent(
            kind: "Service", object: ObjectName(namespace: namespace, name: name),
            uid: "0f9e8d7c-0000-4000-8000-00000000abcd", reason: "AddressRefused", note: note)
    }

    private mutating func add(_ event: ClusterEvent, _ time: Duration = .zero) {
        queue.add(event, at: 1_795_827_620.5 + time / .seconds(1), now: start + time)
    }

    private mutating func next(_ time: Duration = .zero) throws -> APIRequest {
        let request = queue.next(now: start + time)
        return try #require(request)
    }

    @Test mutating func anEventHasWhatTheServerAsksFor() throws {
        add(Self.event())
        let request = try next()
        #expect(request.method == .post && request.path == "/apis/events.k8s.io/v1/namespaces/shop/events")
        let object = try YAMLNode.value(inJSON: Array(request.body.utf8))
        func text(_ keys: String...) -> String? {
            keys.reduce(object as YAMLNode?) { $0?[$1] }?.scalar?.text
        }
        #expect(text("apiVersion") == "events.k8s.io/v1" && text("kind") == "Event" && text("type") == "Warning")
        #expect(text("eventTime") == "2026-11-28T01:00:20.500000Z")
        #expect(text("reason") == "AddressRefused" && text("note") == "it is refused" && text("action") != nil)
        #expect(text("reportingController") == "ipvsync.io/agent" && text("reportingInstance") == "n1")
        #expect(text("regarding", "kind") == "Service" && text("regarding", "name") == "web")
        #expect(text("regarding", "uid") == "0f9e8d7c-0000-4000-8000-00000000abcd")
        #expect(text("metadata", "namespace") == "shop" && text("series", "count") == nil)
        let name = try #require(text("metadata", "name"))
        #expect(name.hasPrefix("web.") && name.utf8.count <= 253)
        // All nodes give it the same name.
        var other = EventQueue(node: "n2", now: start)
        other.add(Self.event(), at: 5, now: start)
        #expect(other.next(now: start)?.body.contains(name) == true)
    }

    @Test mutating func repetitionsAreCounted() throws {
        add(Self.event())
        _ = queue.next(now: start)
        queue.finish(201, now: start)
        for second in 1...3 { add(Self.event(), .seconds(second)) }
        #expect(queue.next(now: start + .seconds(30)) == nil)
        #expect(queue.wakeUp == start + EventQueue.countInterval)
        let request = try next(EventQueue.countInterval)
        #expect(request.method == .patch && request.path.contains("/namespaces/shop/events/web."))
        #expect(
            request.body == #"{"series":{"count":4,"lastObservedTime":"2026-11-28T01:00:23.500000Z"}}"#)
        queue.finish(200, now: start + .seconds(61))
        #expect(queue.sent == 2 && queue.wakeUp == nil)
        // The server has forgotten it.
        add(Self.event(), .seconds(100))
        #expect(queue.next(now: start + .seconds(200))?.method == .patch)
        queue.finish(404, now: start + .seconds(200))
        #expect(queue.next(now: start + .seconds(200))?.method == .post)
    }

    @Test mutating func whatAnotherNodeHasToldIsToldOnce() {
        add(Self.event())
        _ = queue.next(now: start)
        queue.finish(409, now: start)
        add(Self.event(), .seconds(5))
        #expect(queue.next(now: start + .seconds(1_000)) == nil && queue.dropped == 0)
        // The server has forgotten it by then.
        add(Self.event(), EventQueue.othersTime)
        #expect(queue.next(now: start + EventQueue.othersTime)?.method == .post)
    }

    @Test mutating func fewAreSentAtATime() {
        for number in 0..<40 { add(Self.event("s\(number)")) }
        var sent = 0
        while queue.next(now: start) != nil {
            queue.finish(201, now: start)
            sent += 1
        }
        #expect(sent == 20)
        #expect(queue.wakeUp == start + EventQueue.interval)
        #expect(queue.next(now: start + .seconds(4)) == nil)
        #expect(queue.next(now: start + .seconds(5)) != nil)
        // One at a time.
        #expect(queue.next(now: start + .seconds(60)) == nil)
    }

    @Test mutating func whatWaitsIsBounded() {
        for number in 0..<10_000 { add(Self.event("s\(number)")) }
        #expect(queue.dropped == 9_950)
        for namespace in 0..<10 { for number in 0..<30 { add(Self.event("s\(number)", namespace: "n\(namespace)")) } }
        #expect(queue.dropped == 9_950 + 300 - 150)
        // What has been sent is forgotten, the oldest first.
        var time = Duration.zero
        for number in 0..<2_000 {
            time += .seconds(5)
            add(Self.event("t\(number)"), time)
            _ = queue.next(now: start + time)
            queue.finish(201, now: start + time)
        }
        #expect(queue.rememberedCount <= EventQueue.memory)
    }

    @Test mutating func aServerThatIsNotWellIsAskedAgainAndGivenUp() throws {
        add(Self.event())
        var time = start
        for status in [503, 0, 429] {
            #expect(queue.next(now: time) != nil)
            queue.finish(status, now: time)
            time += .seconds(60)
        }
        #expect(queue.next(now: time) == nil && queue.dropped == 1 && queue.wakeUp == nil)
        add(Self.event(note: String(repeating: "ä", count: 2_000)))
        let body = try next(start.duration(to: time)).body
        let note = try YAMLNode.value(inJSON: Array(body.utf8))["note"]?.scalar?.text ?? ""
        #expect((1_000...1_024).contains(note.utf8.count))
        // It would be refused again.
        queue.finish(422, now: time)
        #expect(queue.next(now: time) == nil && queue.dropped == 2 && queue.problem == nil)
    }

    @Test mutating func whoHasNoRightsIsSilentForAWhile() {
        for number in 0..<3 { add(Self.event("s\(number)")) }
        _ = queue.next(now: start)
        queue.finish(403, now: start)
        #expect(queue.problem?.contains("events.k8s.io") == true && queue.dropped == 3)
        add(Self.event(), .seconds(599))
        #expect(queue.next(now: start + .seconds(599)) == nil && queue.wakeUp == nil)
        add(Self.event(), .seconds(600))
        #expect(queue.next(now: start + .seconds(600)) != nil)
        queue.finish(201, now: start)
        #expect(queue.problem == nil)
    }

    /// A namespace that is ending takes none, and that is nobody else's loss.
    @Test mutating func oneNamespaceSilencesNoOther() {
        add(Self.event("a", namespace: "ending"))
        add(Self.event("b", namespace: "ending"))
        add(Self.event("c"))
        _ = queue.next(now: start)
        queue.finish(403, now: start)
        #expect(queue.dropped == 2)
        #expect(queue.next(now: start) != nil)
        queue.finish(201, now: start)
        #expect(queue.sent == 1 && queue.next(now: start) == nil)
    }

    @Test mutating func aServerTakesThem() throws {
        let server = try StandIn()
        let sender = EventSender(try server.access)
        add(Self.event())
        let first = sender.send(try next())
        #expect(first.status == 201 && first.method == "POST" && first.host == "127.0.0.1:\(server.port)")
        queue.finish(first.status, now: start)
        add(Self.event(), .seconds(1))
        #expect(sender.send(try next(.seconds(90))).status == 200)
        queue.finish(200, now: start + .seconds(90))
        let written = try server.tell(["written": true])
        let objects = try YAMLNode.value(inJSON: Array(written.utf8)).sequence ?? []
        #expect(objects.map { $0["method"]?.scalar?.text } == ["POST", "PATCH"])
        #expect(
            objects.map { $0["type"]?.scalar?.text } == ["application/json", "application/merge-patch+json"])
        #expect(objects.last?["object"]?["series"]?["count"]?.scalar?.text == "2")
        try server.tell(["refuse": "403"])
        add(Self.event("other"), .seconds(100))
        #expect(sender.send(try next(.seconds(100))).status == 403)
    }

    @Test func nobodyAnswers() throws {
        let access = try ClusterAccess(server: "https://127.0.0.1:1")
        #expect(EventSender(access).send(APIRequest(.post, "/", "{}")).status == 0)
    }

    @Test(arguments: ["0f9e8d7c-0000-4000-8000-00000000abcd", "00000000-0000-0000-0000-000000000001"])
    func uidsAreKept(text: String) { #expect(ObjectUID(text)?.description == text) }

    @Test(arguments: [
        "", "web", "0f9e8d7c-0000-4000-8000-00000000abc", "0f9e8d7c-0000-4000-8000-00000000abcde",
        "0f9e8d7c00000-4000-8000-00000000abcd", "+f9e8d7c-0000-4000-8000-00000000abcd",
        "gf9e8d7c-0000-4000-8000-00000000abcd", "0f9e8d7c-0000-4000-8000--0000000abcd",
    ])
    func whatIsNoUIDIsNone(text: String) { #expect(ObjectUID(text) == nil) }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (1_709_208_000.25, "2024-02-29T12:00:00.250000Z"),
            (951_868_799, "2000-02-29T23:59:59.000000Z"), (-5, "1970-01-01T00:00:00.000000Z"),
            (1e300, "9999-12-31T23:59:59.000000Z"), (.nan, "1970-01-01T00:00:00.000000Z"),
        ] as [(Double, String)])
    func timesAreWritten(seconds: Double, text: String) { #expect(Timestamp.text(seconds) == text) }

    @Test func timesAreReadAsTheyAreWritten() {
        for day in stride(from: 0.0, through: 60_000, by: 7) {
            let seconds = day * 86_400 + 12_345
            #expect(Timestamp.seconds(Timestamp.text(seconds)) == seconds)
        }
    }
}
