import Foundation
import KubernetesObjects
import Testing

@testable import KubernetesAPI

/// The feed against what a 1.36 API server was recorded to answer.
struct ResourceFeedTests {
    /// Those of kube-proxy 1.36: whether a slice names a proxy counts for nothing, and headless Services do not come.
    @Test func theListsSelectAsKubeProxyDoes() {
        for (name, selector) in [
            (nil, "!service.kubernetes.io/service-proxy-name"),
            ("edge", "service.kubernetes.io/service-proxy-name=edge"),
        ] {
            let resources = APIResource.proxied(proxyName: name)
            #expect(resources.map(\.kind) == ["Service", "EndpointSlice", "Node", "ServiceCIDR"])
            #expect(resources[0].labelSelector == selector)
            #expect(resources[0].fieldSelector == "spec.clusterIP!=None")
            #expect(resources[1].labelSelector == "!service.kubernetes.io/headless")
            #expect(resources[1].fieldSelector == nil)
        }
    }

    private let ok = APIResponse(status: 200)
    private let start = ContinuousClock.now

    private func fixture(_ name: String) throws -> [UInt8] {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)")
        return Array(try Data(contentsOf: url))
    }

    private var services: ResourceFeed { ResourceFeed(APIResource.all(node: "n1")[0]) }

    private func request(of feed: inout ResourceFeed, now: ContinuousClock.Instant) throws -> APIRequest {
        let request = feed.nextRequest(now: now)
        return try #require(request)
    }

    /// The feed after the recorded pages and a last one, and what it told.
    private func listed() throws -> (feed: ResourceFeed, events: [FeedEvent]) {
        var feed = services
        var events: [FeedEvent] = []
        let last = #"{"kind":"ServiceList","metadata":{"resourceVersion":"248"},"items":[]}"#
        let pages = [try fixture("services.page1.json"), try fixture("services.page2.json"), Array(last.utf8)]
        for (index, page) in pages.enumerated() {
            #expect(events.isEmpty)
            let request = try request(of: &feed, now: start)
            #expect(request.path.contains("limit=500"))
            #expect(request.path.contains("continue=") == (index > 0))
            events += feed.receive(page, ok, now: start)
            events += feed.finish(.complete, ok, now: start)
        }
        return (feed, events)
    }

    /// The server was away first, and turns out to be of a version without the collection.
    @Test func aCollectionThatIsGoneWithoutIsNoProblem() throws {
        var feed = ResourceFeed(APIResource.proxied(proxyName: nil)[3])
        var now = start
        _ = try request(of: &feed, now: now)
        _ = feed.finish(.broken("connection refused"), APIResponse(status: 0), now: now)
        #expect(feed.status.problem != nil && !feed.status.isComplete)
        while !feed.status.isComplete {
            now += .seconds(60)
            _ = try request(of: &feed, now: now)
            _ = feed.finish(.complete, APIResponse(status: 404), now: now)
        }
        #expect(feed.status.problem == nil)
    }

    @Test func takesAListAsAWhole() throws {
        let (feed, events) = try listed()
        guard case .replaced("Service", let objects, let unreadable) = try #require(events.first) else {
            Issue.record("no list")
            return
        }
        #expect(events.count == 1)
        #expect(objects.count > 2)
        #expect(unreadable.isEmpty)
        #expect(feed.status.isComplete)
    }

    @Test func readsAWatchHoweverItIsCut() throws {
        let bytes = try fixture("services.watch.jsonl")
        var reference: [FeedEvent] = []
        for size in [bytes.count, 1, 7, 1_000] {
            var feed = try listed().feed
            let request = try request(of: &feed, now: start)
            #expect(request.path.contains("watch=1&allowWatchBookmarks=true&resourceVersion="))
            var events: [FeedEvent] = []
            for first in stride(from: 0, to: bytes.count, by: size) {
                events += feed.receive(Array(bytes[first..<min(first + size, bytes.count)]), ok, now: start)
            }
            #expect(!events.isEmpty)
            if reference.isEmpty { reference = events }
            #expect(events == reference)
        }
    }

    @Test func waitsLongerAfterEachFailure() throws {
        var feed = services
        var now = start
        var waits: [Duration] = []
        for _ in 1...9 {
            _ = try request(of: &feed, now: now)
            _ = feed.finish(.broken("gone"), APIResponse(status: 0), now: now)
            #expect(feed.nextRequest(now: now) == nil)
            let resumption = try #require(feed.resumption)
            waits.append(resumption - now)
            now = resumption
        }
        for (index, wait) in waits.enumerated() {
            let full = min(Duration.seconds(30), .milliseconds(500) * (1 << index))
            #expect(wait >= full / 2 && wait <= full)
        }
        #expect(feed.status.problem?.message == "gone")
    }

    @Test func waitsAsLongAsTheServerAsks() throws {
        var feed = services
        _ = try request(of: &feed, now: start)
        _ = feed.finish(.complete, APIResponse(status: 429, retryAfter: 17), now: start)
        #expect(try #require(feed.resumption) - start == .seconds(17))
    }

    @Test(arguments: [("forbidden.json", 403, true), ("bad-continue.json", 400, false)])
    func repeatsTheServersWords(fixture name: String, status: Int, isRefusal: Bool) throws {
        var feed = services
        let response = APIResponse(status: status)
        _ = try request(of: &feed, now: start)
        _ = feed.receive(try fixture(name), response, now: start)
        _ = feed.finish(.complete, response, now: start)
        let problem = try #require(feed.status.problem)
        #expect(problem.isRefusal == isRefusal)
        #expect(problem.message.hasPrefix("HTTP \(status): "))
        #expect(problem.message.count > 20)
    }

    @Test func endsALineWithoutEnd() throws {
        var feed = try listed().feed
        _ = try request(of: &feed, now: start)
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var received = 0
        while feed.isRunning, received <= FeedLimits.line {
            _ = feed.receive(chunk, ok, now: start)
            received += chunk.count
        }
        let isRunning = feed.isRunning
        #expect(!isRunning)
        #expect(feed.status.problem?.message.contains("longer than") == true)
    }
}
