import Foundation
import KubernetesObjects
import Testing

@testable import KubernetesAPI

/// The feed against answers of a server that lies.
struct LyingListTests {
    private let ok = APIResponse(status: 200)
    private let start = ContinuousClock.now

    private static let service =
        #"{"metadata":{"name":"s","namespace":"n"},"spec":{"clusterIP":"10.96.0.1","ports":[{"port":80}]}}"#

    /// What comes of a list in one piece and byte by byte, which has to be the same.
    private func answer(
        _ text: String, _ response: APIResponse = APIResponse(status: 200), limits: FeedLimits = FeedLimits(),
        outcome: APIOutcome = .complete
    ) -> (feed: ResourceFeed, events: [FeedEvent]) {
        let bytes = Array(text.utf8)
        var results: [(feed: ResourceFeed, events: [FeedEvent])] = []
        for size in [max(bytes.count, 1), 1] {
            var feed = ResourceFeed(APIResource.all(node: "n1")[0], limits: limits)
            _ = feed.nextRequest(now: start)
            var events: [FeedEvent] = []
            for first in stride(from: 0, to: bytes.count, by: size) {
                events += feed.receive(Array(bytes[first..<min(first + size, bytes.count)]), response, now: start)
            }
            events += feed.finish(outcome, response, now: start)
            results.append((feed, events))
        }
        #expect(results[0].events == results[1].events)
        #expect(results[0].feed.status.problem == results[1].feed.status.problem)
        return results[0]
    }

    private func list(
        kind: String? = #""ServiceList""#, version: String? = #""v1""#, metadata: String? = #"{"resourceVersion":"7"}"#,
        items: String? = "[\(service)]"
    ) -> String {
        let members = [("kind", kind), ("apiVersion", version), ("metadata", metadata), ("items", items)]
        return "{" + members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.joined(separator: ",")
            + "}"
    }

    @Test func theListThatTheOthersAreMadeOfIsTaken() {
        let (feed, events) = answer(list())
        guard case .replaced("Service", let objects, _)? = events.first else {
            Issue.record("no list: \(feed.status.problem?.message ?? "")")
            return
        }
        #expect(objects.count == 1 && events.count == 1 && feed.status.isComplete)
    }

    @Test(arguments: [
        #"{"items":[],"metadata":{"resourceVersion":"7"},"apiVersion":"v1","kind":"ServiceList"}"#,
        " {\n\"kind\" : \"ServiceList\" ,\"metadata\":{\"resourceVersion\":\"7\"},\t\"items\" : [ ] }\r\n",
        #"{"kind":"ServiceList","metadata":{"resourceVersion":"7","continue":null},"items":null}"#,
        #"{"kind":"ServiceList","metadata":{"resourceVersion":"7","continue":""},"\u0069tems":[]}"#,
    ])
    func anEmptyListIsTaken(text: String) {
        let (feed, events) = answer(text)
        #expect(events == [.replaced(kind: "Service", [], unreadable: [])])
        #expect(feed.status.problem == nil)
    }

    /// Whatever is wrong with a list, it never counts as "no Services".
    @Test func whatIsNoListOfServicesIsNone() {
        let wrong: [(String, String)] = [
            (list(kind: #""SecretList""#), "another kind: v1 SecretList"),
            (list(kind: #""NodeList""#, items: "[]"), "another kind: v1 NodeList"),
            (list(kind: #""Service""#), "another kind"), (list(kind: #""List""#), "another kind"),
            (list(kind: "7"), "another kind"), (list(kind: "null"), "another kind"),
            (list(kind: nil), "without a kind"),
            (list(version: #""serving.knative.dev/v1""#), "another kind: serving.knative.dev/v1 ServiceList"),
            (#"{"items":[],"metadata":{"resourceVersion":"7"},"kind":"PodList"}"#, "another kind: v1 PodList"),
            (#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7"},"rows":[]}"#, "Table"),
            (#"{"kind":"Status","apiVersion":"v1","metadata":{},"message":"not today","code":500}"#, "not today"),
            (list(items: nil), "no items"), (list(items: "{}"), "no items"), (list(items: #""x""#), "no items"),
            (list(items: #"[{"kind":"Node","metadata":{"name":"n1"}}]"#), "item of the list is of another kind"),
            (list(items: "[\(Self.service),{\"kind\":\"Secret\",\"metadata\":{\"name\":\"n1\"}}]"), "v1 Secret"),
            (
                list(items: #"[{"apiVersion":"serving.knative.dev/v1","metadata":{"name":"n1"}}]"#),
                "serving.knative.dev/v1 Service"
            ),
            (list(items: "[[0,0]]"), "no object"), (list(items: "[null]"), "no object"),
            (list(items: "[7]"), "no object"),
            (list(items: #"[{"metadata":{}}]"#), "no name"), (list(items: #"[{"metadata":{"name":""}}]"#), "no name"),
            (list(items: "[\(Self.service),]"), "no JSON"), (list(items: "[,\(Self.service)]"), "no JSON"),
            (list(items: "[\(Self.service)}"), "no JSON"),
            (list(items: "[\(Self.service) \(Self.service)]"), "no JSON"),
            (list(metadata: nil), "resourceVersion"), (list(metadata: "{}"), "resourceVersion"),
            (list(metadata: #"{"resourceVersion":""}"#), "resourceVersion"),
            (list(metadata: #"{"resourceVersion":null}"#), "resourceVersion"),
            (list(metadata: #"{"resourceVersion":{}}"#), "resourceVersion"),
            (list(metadata: "{\"resourceVersion\":\"\(String(repeating: "9", count: 300))\"}"), "resourceVersion"),
            (
                list(metadata: "{\"resourceVersion\":\"7\",\"continue\":\"\(String(repeating: "c", count: 5_000))\"}"),
                "5000"
            ),
            (list() + list(), "behind the list"), (list() + "x", "behind the list"),
            (String(list().dropLast()), "ends in the middle"), ("", "ends in the middle"),
            ("   ", "ends in the middle"),
            ("<html><body>login</body></html>", "no JSON"), ("[]", "no JSON"), ("null", "no JSON"),
            ("k8s\0\n\u{c}", "no JSON"), (#"{"kind":"ServiceList","kind":"ServiceList"}"#, "twice"),
            (#"{"items":[],"items":[]}"#, "twice"),
            ("{\"a\":\"\(String(repeating: "a", count: 100_000))\"}", "longer than"),
            ("{\"\(String(repeating: "a", count: 100_000))\":1}", "longer than"), (#"{"a":}"#, "no JSON"),
            ("{a:1}", "no JSON"),
        ]
        for (text, part) in wrong {
            let (feed, events) = answer(text)
            let message = feed.status.problem?.message ?? ""
            #expect(events.isEmpty && !feed.status.isComplete, "\(text.prefix(200))")
            #expect(message.contains(part), "\(text.prefix(200)): \(message)")
            #expect(message.utf8.count <= 1_100)
            // A command ends at once, but for an answer that was cut.
            #expect(feed.status.problem?.isRefusal == !part.contains("middle"))
        }
    }

    @Test(arguments: ["text/html; charset=utf-8", "application/vnd.kubernetes.protobuf", "application/octet-stream"])
    func anotherMediaTypeIsRefused(type: String) {
        let (feed, events) = answer(list(), APIResponse(status: 200, mediaType: type))
        #expect(events.isEmpty)
        #expect(feed.status.problem?.message.contains(type) == true)
        #expect(!answer(list(), APIResponse(status: 200, mediaType: "application/json;charset=utf-8")).events.isEmpty)
    }

    @Test func anAnswerThatBreaksOffIsNone() {
        #expect(answer(list(), outcome: .broken("reset")).events.isEmpty)
    }

    @Test func whatAServerSaysIsCut() throws {
        let words = String(repeating: "ä", count: 50_000)
        let (feed, _) = answer("{\"kind\":\"Status\",\"message\":\"\(words)\"}", APIResponse(status: 403))
        let message = try #require(feed.status.problem?.message)
        #expect(message.hasPrefix("HTTP 403: "))
        #expect(message.utf8.count <= 1_024 + 3)
    }

    @Test(arguments: [301, 302, 307, 308])
    func redirectsAreNotFollowed(status: Int) throws {
        let problem = try #require(answer("", APIResponse(status: status)).feed.status.problem)
        #expect(problem.isRefusal && problem.message.contains("redirects are not followed"))
    }

    // MARK: - Bounds

    /// Pages that never end, with a token each.
    private func endless(
        limits: FeedLimits, token: (Int) -> String, items: (Int) -> String = { _ in service }
    ) -> (problem: FeedProblem?, pages: Int) {
        var feed = ResourceFeed(APIResource.all(node: "n1")[0], limits: limits)
        for page in 1...1_000 {
            guard feed.nextRequest(now: start) != nil else { return (feed.status.problem, page - 1) }
            let metadata = #"{"resourceVersion":"7","continue":"\#(token(page))"}"#
            let text = list(metadata: metadata, items: "[\(items(page))]")
            let events = feed.receive(Array(text.utf8), ok, now: start) + feed.finish(.complete, ok, now: start)
            #expect(events.isEmpty)
        }
        return (nil, 1_000)
    }

    @Test func aListThatNeverEndsIsGivenUp() {
        var limits = FeedLimits()
        limits.pages = 20
        var found = endless(limits: limits) { "t\($0)" }
        #expect(found.pages == 20 && found.problem?.message.contains("more than 20 pages") == true)
        found = endless(limits: FeedLimits()) { _ in "same" }
        #expect(found.pages == 2 && found.problem?.message.contains("a token that it gave before") == true)
        found = endless(limits: FeedLimits()) { "t\($0 % 3)" }
        #expect(found.pages == 4 && found.problem?.message.contains("a token that it gave before") == true)
        limits = FeedLimits()
        limits.objects = 30
        found = endless(limits: limits, token: { "t\($0)" }) { _ in "\(Self.service),\(Self.service)" }
        #expect(found.pages == 16 && found.problem?.message.contains("more than 30 objects") == true)
        limits = FeedLimits()
        limits.listSize = 10 << 20
        let padding = String(repeating: " ", count: 1 << 20)
        found = endless(limits: limits, token: { "t\($0)" }) { _ in Self.service + padding }
        #expect(found.pages == 10 && found.problem?.message.contains("longer than 10 MiB") == true)
        limits = FeedLimits()
        limits.elements = 1_000
        let ports = (1...500).map { "{\"port\":\($0)}" }.joined(separator: ",")
        found = endless(limits: limits, token: { "t\($0)" }) { page in
            #"{"metadata":{"name":"s\#(page)","namespace":"n"},"spec":{"clusterIP":"10.96.0.1","ports":[\#(ports)]}}"#
        }
        #expect(found.pages == 2 && found.problem?.message.contains("more than 1000 ports") == true)
        limits = FeedLimits()
        limits.unreadable = 3
        found = endless(limits: limits, token: { "t\($0)" }) { page in
            #"{"metadata":{"name":"s\#(page)","namespace":"n"},"spec":7}"#
        }
        #expect(found.pages == 4 && found.problem?.message.contains("more than 3 objects that cannot be read") == true)
    }

    /// The first page may be the whole list: it has the list's bound.
    @Test(arguments: [true, false])
    func aPageThatIsTooLongIsGivenUpBeforeItsEnd(isCached: Bool) {
        var limits = FeedLimits()
        if isCached { limits.listSize = 1 << 20 } else { limits.pageSize = 1 << 20 }
        var feed = ResourceFeed(APIResource.all(node: "n1")[0], limits: limits)
        feed.freshness = isCached ? .any : .newest
        _ = feed.nextRequest(now: start)
        let block = [UInt8](repeating: UInt8(ascii: " "), count: 100_000)
        for _ in 1...20 { _ = feed.receive(block, ok, now: start) }
        let isRunning = feed.isRunning
        #expect(!isRunning)
        #expect(feed.status.problem?.message.contains("longer than 1 MiB") == true)
    }

    @Test func aListTakesItsTimeAndNoMore() throws {
        var feed = ResourceFeed(APIResource.all(node: "n1")[0])
        var now = start
        for page in 1...100 {
            guard feed.nextRequest(now: now) != nil else { break }
            now += .seconds(50)
            let text = list(metadata: #"{"resourceVersion":"7","continue":"t\#(page)"}"#)
            _ = feed.receive(Array(text.utf8), ok, now: now) + feed.finish(.complete, ok, now: now)
        }
        #expect(now - start <= .seconds(650))
        #expect(feed.status.problem?.message.contains("takes longer than 600 s") == true)
    }

    @Test func aListThatWasGivenUpBeginsAtItsBeginning() throws {
        var limits = FeedLimits()
        limits.pages = 2
        var feed = ResourceFeed(APIResource.all(node: "n1")[0], limits: limits)
        for page in 1...2 {
            _ = feed.nextRequest(now: start)
            let text = list(metadata: #"{"resourceVersion":"7","continue":"t\#(page)"}"#)
            _ = feed.receive(Array(text.utf8), ok, now: start) + feed.finish(.complete, ok, now: start)
        }
        let now = try #require(feed.resumption)
        let again = feed.nextRequest(now: now)
        #expect(again?.path.contains("continue=") == false)
        let events = feed.receive(Array(list().utf8), ok, now: now) + feed.finish(.complete, ok, now: now)
        #expect(events.count == 1)
    }

    /// One object that is too large does not stop the others: a tenant could write it.
    @Test func anItemThatIsTooLargeIsNamed() {
        let large = #"{"metadata":{"name":"big","namespace":"n"},"x":[\#(String(repeating: "0,", count: 300_000))0]}"#
        let deep =
            #"{"x":\#(String(repeating: "[", count: 100))\#(String(repeating: "]", count: 100)),"metadata":{"name":"deep"}}"#
        let (feed, events) = answer(list(items: "[\(large),\(Self.service),\(deep)]"))
        guard case .replaced(_, let objects, let unreadable)? = events.first else {
            Issue.record("no list: \(feed.status.problem?.message ?? "")")
            return
        }
        #expect(objects.count == 1)
        #expect(unreadable == [ObjectName(namespace: "n", name: "big"), ObjectName(namespace: "", name: "deep")])
    }

    // MARK: - Silence

    @Test func silenceIsToldOfAndThenForgotten() throws {
        var feed = ResourceFeed(APIResource.all(node: "n1")[0])
        _ = feed.nextRequest(now: start)
        #expect(try #require(feed.wakeUp) - start == .seconds(8))
        feed.look(now: start + .seconds(7))
        #expect(feed.status.problem == nil)
        feed.look(now: start + .seconds(8))
        #expect(feed.status.problem?.message.contains("no answer within 8 s") == true)
        // A byte a second is no answer either.
        for second in 9...16 { _ = feed.receive([0x20], ok, now: start + .seconds(second)) }
        feed.look(now: start + .seconds(16))
        #expect(feed.status.problem?.message.contains("slower than 1 KiB/s") == true)
        _ = feed.receive(Array(list().utf8), ok, now: start + .seconds(17))
        _ = feed.finish(.complete, ok, now: start + .seconds(17))
        #expect(feed.status.problem == nil)
        // The watch: its head has to come, its events need not.
        _ = feed.nextRequest(now: start + .seconds(18))
        feed.look(now: start + .seconds(26))
        #expect(feed.status.problem?.message.contains("no answer") == true)
        _ = feed.receive([], ok, now: start + .seconds(27))
        feed.look(now: start + .seconds(100))
        #expect(feed.status.problem == nil)
        #expect(try #require(feed.wakeUp) - start == .seconds(112))
    }
}
