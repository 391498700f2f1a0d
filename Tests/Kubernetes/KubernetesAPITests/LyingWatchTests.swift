import KubernetesObjects
import Testing

@testable import KubernetesAPI

/// A watch of a server that lies.
struct LyingWatchTests {
    private let ok = APIResponse(status: 200)
    private let start = ContinuousClock.now

    /// A feed whose watch has begun, after a list of two Services.
    private func watching(_ limits: FeedLimits = FeedLimits()) -> ResourceFeed {
        var feed = ResourceFeed(APIResource.all(node: "n1")[0], limits: limits)
        _ = feed.nextRequest(now: start)
        let items = (1...2).map { service("s\($0)") }.joined(separator: ",")
        let text = #"{"kind":"ServiceList","metadata":{"resourceVersion":"7"},"items":[\#(items)]}"#
        _ = feed.receive(Array(text.utf8), ok, now: start)
        #expect(feed.finish(.complete, ok, now: start).count == 1)
        #expect(feed.nextRequest(now: start)?.path.contains("resourceVersion=7") == true)
        return feed
    }

    private func service(_ name: String, kind: String = "Service", version: String = "v1", spec: String = "{}")
        -> String
    {
        #"{"kind":"\#(kind)","apiVersion":"\#(version)","metadata":{"name":"\#(name)","namespace":"n","#
            + #""resourceVersion":"8"},"spec":\#(spec)}"#
    }

    private func event(_ type: String, _ object: String) -> [UInt8] {
        Array("{\"type\":\"\(type)\",\"object\":\(object)}\n".utf8)
    }

    @Test(arguments: ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"])
    func anObjectOfAnotherKindBeginsANewList(type: String) {
        let others = [
            service("s1", kind: "Node"), service("s1", kind: "EndpointSlice", version: "discovery.k8s.io/v1"),
            service("s1", version: "serving.knative.dev/v1"), service("s1", kind: "Status"),
        ]
        for other in others {
            var feed = watching()
            #expect(feed.receive(event(type, other), ok, now: start).isEmpty)
            #expect(feed.status.problem?.message.contains("of another kind") == true)
            let isRunning = feed.isRunning
            #expect(!isRunning)
            let request = feed.nextRequest(now: start + .seconds(40))
            #expect(request?.path.contains("watch=") == false)
        }
    }

    @Test(arguments: [
        "garbage", "{}", #"{"type":"ADDED"}"#, #"{"type":"ADDED","object":null}"#, #"{"type":"ADDED","object":[]}"#,
        #"{"type":"DELETED","object":{}}"#, #"{"type":"DELETED","object":{"metadata":{"name":""}}}"#,
        #"{"type":["ADDED"],"object":{}}"#, #"{"type":"ERROR","object":{"code":500,"message":"\u001b[2Jx"}}"#, "[]",
        "7",
        #"{"kind":"ServiceList","items":[]}"#,
    ])
    func aLineThatMakesNoSenseBeginsANewList(line: String) {
        var feed = watching()
        #expect(feed.receive(Array("\(line)\n".utf8), ok, now: start).isEmpty)
        #expect(feed.status.problem != nil)
        let request = feed.nextRequest(now: start + .seconds(40))
        #expect(request?.path.contains("watch=") == false)
    }

    @Test func aVersionThatIsNoneIsPassedOverOrRefused() throws {
        let long = String(repeating: "9", count: 300)
        for (version, isRefused) in [("{}", false), ("null", false), ("\"\"", false), ("\"\(long)\"", true)] {
            var feed = watching()
            let mark = #"{"kind":"Service","metadata":{"resourceVersion":\#(version)}}"#
            #expect(feed.receive(event("BOOKMARK", mark), ok, now: start).isEmpty)
            let isRunning = feed.isRunning
            #expect(isRunning != isRefused)
            guard isRunning else { continue }
            _ = feed.finish(.complete, ok, now: start + .seconds(300))
            let request = feed.nextRequest(now: start + .seconds(300))
            #expect(request?.path.contains("resourceVersion=7") == true)
        }
    }

    /// A version is sent back as it came, and cannot become another parameter.
    @Test func aVersionStaysOneParameter() {
        var feed = watching()
        let mark = #"{"kind":"Service","metadata":{"resourceVersion":"1&watch=0#\r\nX: y"}}"#
        _ = feed.receive(event("BOOKMARK", mark), ok, now: start)
        _ = feed.finish(.complete, ok, now: start + .seconds(300))
        let request = feed.nextRequest(now: start + .seconds(300))
        #expect(request?.path.contains("resourceVersion=1%26watch%3D0%23%0D%0AX%3A%20y&") == true)
    }

    /// What a watch adds is bounded as what a list holds is.
    @Test(arguments: ["ADDED", "MODIFIED"])
    func eventsCannotAddUpWithoutEnd(type: String) {
        var limits = FeedLimits()
        limits.objects = 50
        var feed = watching(limits)
        var told = 0
        for number in 1...1_000 where feed.isRunning {
            told += feed.receive(event(type, service("new\(number)")), ok, now: start).count
        }
        #expect(told <= 50)
        #expect(feed.status.problem?.message.contains("more than 50 objects") == true)
        // The same ones again and again are no more, and those that go make room.
        feed = watching(limits)
        for number in 1...500 {
            _ = feed.receive(event("MODIFIED", service("s\(number % 2)")), ok, now: start)
            _ = feed.receive(event("ADDED", service("x\(number)")), ok, now: start)
            _ = feed.receive(event("DELETED", service("x\(number)")), ok, now: start)
        }
        let isRunning = feed.isRunning
        #expect(isRunning)
        limits.objects = 1_000
        limits.elements = 1_000
        feed = watching(limits)
        let ports = (1...400).map { "{\"port\":\($0)}" }.joined(separator: ",")
        for number in 1...10 where feed.isRunning {
            let object = service("p\(number)", spec: #"{"clusterIP":"10.96.0.1","ports":[\#(ports)]}"#)
            _ = feed.receive(event("MODIFIED", object), ok, now: start)
        }
        #expect(feed.status.problem?.message.contains("more than 1000 ports") == true)
    }

    @Test func aFloodOfBookmarksKeepsNothing() {
        var feed = watching()
        let marks = (1...10_000).flatMap {
            event("BOOKMARK", #"{"kind":"Service","metadata":{"resourceVersion":"\#($0)"}}"#)
        }
        #expect(feed.receive(marks, ok, now: start).isEmpty)
        #expect(feed.status.events == 10_000)
        #expect(feed.pending.isEmpty)
    }

    /// A server that answers lists well and every watch badly is asked later and later.
    @Test(arguments: [
        #"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}"#, "garbage",
        #"{"type":"ADDED","object":{"kind":"Node","metadata":{"name":"n1"}}}"#,
    ])
    func listsAreNotAskedForInAStorm(line: String) {
        var feed = watching()
        var now = start
        for _ in 1...40 {
            _ = feed.receive(Array("\(line)\n".utf8), ok, now: now)
            now = max(now, feed.resumption ?? now)
            let request = feed.nextRequest(now: now)
            #expect(request?.path.contains("watch=") == false)
            let list = #"{"kind":"ServiceList","metadata":{"resourceVersion":"7"},"items":[]}"#
            _ = feed.receive(Array(list.utf8), ok, now: now) + feed.finish(.complete, ok, now: now)
            let watch = feed.nextRequest(now: now)
            #expect(watch?.path.contains("watch=") == true)
        }
        // 40 lists: half a second each would be 20 s.
        #expect(now - start > .seconds(500))
        // After a watch that stood for a while, the first list comes soon, and not from all nodes together.
        now += .seconds(60)
        _ = feed.receive(event("ERROR", #"{"kind":"Status","code":410}"#), ok, now: now)
        let tooSoon = feed.nextRequest(now: now)
        let list = feed.nextRequest(now: now + .milliseconds(500))
        #expect(tooSoon == nil && list != nil)
    }

    /// The object stays as it was, and is named; the watch goes on.
    @Test func anEventThatIsTooLargeIsItsObjectsAlone() {
        var feed = watching()
        let large =
            #"{"kind":"Service","metadata":{"name":"s1","namespace":"n","resourceVersion":"9"},"#
            + #""x":[\#(String(repeating: "0,", count: 300_000))0]}"#
        #expect(feed.receive(event("MODIFIED", large), ok, now: start).isEmpty)
        let isRunning = feed.isRunning
        #expect(isRunning)
        #expect(feed.status.unreadable[ObjectName(namespace: "n", name: "s1")] != nil)
        #expect(feed.receive(event("MODIFIED", service("s2")), ok, now: start).count == 1)
    }
}
