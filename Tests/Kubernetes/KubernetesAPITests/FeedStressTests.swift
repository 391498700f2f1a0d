import Foundation
import Glibc
import KubernetesObjects
import Testing

@testable import KubernetesAPI

/// The feed against a server that fails again and again, under a clock of its own.
struct FeedStressTests {
    private let ok = APIResponse(status: 200)
    private let start = ContinuousClock.now

    private func list(_ items: String = "") -> [UInt8] {
        Array(#"{"kind":"ServiceList","metadata":{"resourceVersion":"7"},"items":[\#(items)]}"#.utf8)
    }

    private func bookmark(_ version: Int) -> [UInt8] {
        Array(
            (#"{"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":"\#(version)"}}}"# + "\n")
                .utf8)
    }

    /// A feed whose list is complete, and whose watch has been asked for.
    private func watching() -> ResourceFeed {
        var feed = ResourceFeed(APIResource.all(node: "n1")[0])
        _ = feed.nextRequest(now: start)
        _ = feed.receive(list(), ok, now: start) + feed.finish(.complete, ok, now: start)
        let request = feed.nextRequest(now: start)
        #expect(request?.path.contains("watch=1") == true)
        return feed
    }

    /// The status of a watch that has forgotten the version: the waits grow, although each list is well.
    @Test(arguments: [410, 400, 422])
    func watchesThatAreRefusedDoNotStorm(status: Int) {
        var feed = watching()
        var now = start
        for _ in 1...40 {
            _ = feed.finish(.complete, APIResponse(status: status), now: now)
            now = max(now, feed.resumption ?? now)
            let request = feed.nextRequest(now: now)
            #expect(request?.path.contains("watch=") == false)
            // Only a version that was forgotten says nothing against the cache, which answers a thousand nodes at once.
            let isOfCache = request?.path.contains("resourceVersion=7&resourceVersionMatch=NotOlderThan")
            #expect(isOfCache == (status == 410))
            _ = feed.receive(list(), ok, now: now) + feed.finish(.complete, ok, now: now)
            let watch = feed.nextRequest(now: now)
            #expect(watch?.path.contains("watch=1") == true)
        }
        #expect(now - start > .seconds(500))
    }

    /// An event at the beginning is no proof that a watch stands: the waits grow until one has stood for a while.
    @Test func watchesThatEndAfterAnEventDoNotStorm() {
        var feed = watching()
        var now = start
        for version in 1...20 {
            _ = feed.receive(bookmark(version), ok, now: now)
            _ = feed.finish(.broken("gone"), ok, now: now)
            now = max(now, feed.resumption ?? now)
            _ = feed.nextRequest(now: now)
        }
        #expect(now - start > .seconds(200))
        now += .seconds(31)
        _ = feed.receive(bookmark(100), ok, now: now - .seconds(30))
        _ = feed.receive(bookmark(101), ok, now: now)
        _ = feed.finish(.broken("gone"), ok, now: now)
        let watch = feed.nextRequest(now: now)
        #expect(watch?.path.contains("resourceVersion=101") == true)
    }

    /// The first list may come of the cache; after it, and after a failure, the newest is asked for.
    @Test func onlyTheFirstListMayBeOld() throws {
        var feed = ResourceFeed(APIResource.all(node: "n1")[0])
        let first = feed.nextRequest(now: start)
        #expect(first?.path.contains("resourceVersion=0") == true && first?.path.contains("limit=500") == true)
        _ = feed.receive(Array("garbage".utf8), ok, now: start)
        var now = try #require(feed.resumption)
        let second = feed.nextRequest(now: now)
        #expect(second?.path.contains("resourceVersion") == false)
        // A connection that fails says nothing against the cache.
        feed = ResourceFeed(APIResource.all(node: "n1")[0])
        _ = feed.nextRequest(now: start)
        _ = feed.finish(.broken("gone"), APIResponse(status: 0), now: start)
        now = try #require(feed.resumption)
        let third = feed.nextRequest(now: now)
        #expect(third?.path.contains("resourceVersion=0") == true)
        let page = #"{"kind":"ServiceList","metadata":{"resourceVersion":"7","continue":"t"},"items":[]}"#
        _ = feed.receive(Array(page.utf8), ok, now: now) + feed.finish(.complete, ok, now: now)
        let later = feed.nextRequest(now: now)
        #expect(later?.path.contains("continue=t") == true && later?.path.contains("resourceVersion") == false)
    }

    /// A version from before the server's data was restored is never reached again.
    @Test func aVersionThatIsTooLargeBeginsANewList() throws {
        var feed = watching()
        let response = APIResponse(status: 504)
        let words = #"{"kind":"Status","message":"Timeout: Too large resource version: 7, current: 3","code":504}"#
        _ = feed.receive(Array(words.utf8), response, now: start) + feed.finish(.complete, response, now: start)
        let request = feed.nextRequest(now: try #require(feed.resumption))
        #expect(request?.path.contains("watch=") == false && request?.path.contains("resourceVersion=") == false)
    }

    /// A connection that is dead though nobody has said so.
    @Test func aSilentWatchGoesOnWhereItWas() throws {
        var feed = watching()
        _ = feed.receive([], ok, now: start)
        var now = start
        for minute in 1...5 {
            now += .seconds(75)
            feed.look(now: now)
            _ = feed.receive(bookmark(minute), ok, now: now)
        }
        var isRunning = feed.isRunning
        #expect(isRunning && feed.status.problem == nil)
        #expect(try #require(feed.wakeUp) - now <= .seconds(90))
        now = try #require(feed.wakeUp)
        // Bytes that are no event do not count.
        _ = feed.receive([0x0A], ok, now: now)
        feed.look(now: now)
        isRunning = feed.isRunning
        #expect(!isRunning && feed.status.failures == 1)
        #expect(feed.status.problem?.message.contains("not even a bookmark") == true)
        let request = feed.nextRequest(now: now)
        #expect(request?.path.contains("watch=1") == true && request?.path.contains("resourceVersion=5&") == true)
        _ = feed.receive([], ok, now: now)
        #expect(feed.status.problem == nil && feed.status.lists == 1)
    }

    /// Nothing is wrong with a server that has no bookmarks and nothing to say.
    @Test func aServerWithoutBookmarksIsNoFailure() throws {
        var feed = watching()
        var now = start
        for _ in 1...10 {
            _ = feed.receive([], ok, now: now)
            now = try #require(feed.wakeUp)
            feed.look(now: now)
            let request = feed.nextRequest(now: now)
            #expect(request?.path.contains("resourceVersion=7&") == true)
        }
        #expect(feed.status.problem == nil && feed.status.failures == 0 && feed.status.lists == 1)
    }

    // MARK: - Objects that cannot be read

    private let name = ObjectName(namespace: "n", name: "web")

    private func event(_ type: String, _ object: String) -> [UInt8] {
        Array(("{\"type\":\"\(type)\",\"object\":\(object)}\n").utf8)
    }

    @Test(arguments: ["7", #"{"ports":[{"port":700000}]}"#])
    func aServiceThatCannotBeReadIsHeldUntilItCan(spec: String) {
        let head = #"{"metadata":{"name":"web","namespace":"n","resourceVersion":"8"},"spec":"#
        for isListed in [true, false] {
            for (type, good) in [("MODIFIED", "{}"), ("DELETED", spec)] {
                var feed = ResourceFeed(APIResource.all(node: "n1")[0])
                _ = feed.nextRequest(now: start)
                _ = feed.receive(list(isListed ? head + spec + "}" : ""), ok, now: start)
                _ = feed.finish(.complete, ok, now: start)
                _ = feed.nextRequest(now: start)
                if !isListed { _ = feed.receive(event("ADDED", head + spec + "}"), ok, now: start) }
                // Twice is no more than once.
                _ = feed.receive(event("MODIFIED", head + spec + "}"), ok, now: start)
                #expect(feed.status.unreadableServices == [name: name])
                _ = feed.receive(event(type, head + good + "}"), ok, now: start)
                #expect(feed.status.unreadableServices.isEmpty)
            }
        }
    }

    /// A slice tells its Service, one that is too large as well.
    @Test(arguments: [
        (#""labels":{"kubernetes.io/service-name":"web"},"#, #""endpoints":7"#, true),
        (#""labels":{"kubernetes.io/service-name":"web"},"#, "", true),
        (#""labels":{},"#, #""endpoints":7"#, false), ("", #""endpoints":7"#, false),
    ])
    func aSliceThatCannotBeReadTellsItsService(labels: String, rest: String, isTold: Bool) {
        let rest = rest.isEmpty ? #""x":[\#(String(repeating: "0,", count: 300_000))0]"# : rest
        let slice =
            #"{"metadata":{"name":"a","namespace":"n",\#(labels)"resourceVersion":"8"},"addressType":"IPv4",\#(rest)}"#
        var feed = ResourceFeed(APIResource.all(node: "n1")[1])
        _ = feed.nextRequest(now: start)
        let text = #"{"kind":"EndpointSliceList","metadata":{"resourceVersion":"7"},"items":[\#(slice)]}"#
        _ = feed.receive(Array(text.utf8), ok, now: start) + feed.finish(.complete, ok, now: start)
        #expect(feed.status.unreadable.count == 1, "\(feed.status)")
        let slices = [ObjectName(namespace: "n", name: "a"): isTold ? name : nil]
        #expect(feed.status.unreadableServices == slices)
        _ = feed.nextRequest(now: start)
        _ = feed.receive(event("DELETED", slice), ok, now: start)
        #expect(feed.status.unreadableServices.isEmpty)
    }

    // MARK: - libcurl

    /// More descriptors than the process may have are more than the system waits for.
    @Test func aWaitThatFailsDoesNotSpinAndIsTold() throws {
        let limit = sysconf(Int32(_SC_OPEN_MAX))
        // Where the limit is far higher, so many would take gigabytes.
        guard limit < 5_000_000 else { return }
        let descriptors = [Int32](repeating: -1, count: limit + 1)
        let access = try ClusterAccess(server: "http://127.0.0.1:1")
        let transfers = HTTPTransfers(access)
        let request = APIRequest(APIResource.all(node: "n1")[0], [], timeout: 60)
        let listener = try StandIn()
        let standing = HTTPTransfers(try listener.access)
        try standing.start(request, id: 3)
        var outcomes: [APIOutcome] = []
        for event in standing.poll(timeout: .seconds(5), descriptors: descriptors) {
            if case .ended(3, let outcome, _, _) = event { outcomes.append(outcome) }
        }
        guard case .failed(let message)? = outcomes.first else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(outcomes.count == 1 && message.contains("libcurl cannot go on"))
        // It is of use again, and a wait with nothing under way takes its time.
        try standing.start(request, id: 3)
        outcomes = []
        let end = ContinuousClock.now + .seconds(60)
        while outcomes.isEmpty, ContinuousClock.now < end {
            for event in standing.poll(timeout: .seconds(1), descriptors: []) {
                if case .ended(3, let outcome, _, _) = event { outcomes.append(outcome) }
            }
        }
        #expect(outcomes == [.complete])
        for handles in [transfers, standing] {
            let before = ContinuousClock.now
            for _ in 1...4 { #expect(handles.poll(timeout: .seconds(5), descriptors: descriptors).isEmpty) }
            #expect(ContinuousClock.now - before >= .milliseconds(900))
        }
    }

    /// Whoever waits for several things looks only at those with news.
    @Test func aWaitSaysWhoseNewsEndedIt() throws {
        let listener = try StandIn()
        let transfers = HTTPTransfers(try listener.access)
        var (quiet, news): ([Int32], [Int32]) = ([0, 0], [0, 0])
        try #require(pipe(&quiet) == 0 && pipe(&news) == 0)
        defer { for descriptor in quiet + news { close(descriptor) } }
        try #require(write(news[1], "x", 1) == 1)
        let descriptors = [quiet[0], news[0]]
        // Nothing is under way, then a request.
        #expect(transfers.poll(timeout: .seconds(60), descriptors: descriptors).isEmpty)
        #expect(transfers.ready == [news[0]])
        try transfers.start(APIRequest(APIResource.all(node: "n1")[0], [], timeout: 60), id: 3)
        var hasEnded = false
        let end = ContinuousClock.now + .seconds(60)
        while !hasEnded, ContinuousClock.now < end {
            for case .ended(3, .complete, _, _) in transfers.poll(timeout: .seconds(5), descriptors: descriptors) {
                hasEnded = true
            }
            #expect(transfers.ready == [news[0]])
        }
        #expect(hasEnded)
    }

    /// The feed waits after such a failure, and tells it.
    @Test func aFailureOfOurOwnIsToldAndWaitedFor() throws {
        var feed = watching()
        _ = feed.receive([], ok, now: start)
        _ = feed.finish(.failed("libcurl cannot go on"), ok, now: start)
        #expect(feed.status.problem?.message == "libcurl cannot go on")
        #expect(try #require(feed.resumption) >= start + .milliseconds(250))
    }
}
