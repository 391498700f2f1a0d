import KubernetesAPI

/// Lists and watches of an API server, in one piece and in many: both have to tell the same.
extension FuzzTarget {
    static func readList(_ bytes: [UInt8]) {
        let whole = events(bytes, cutInto: max(bytes.count, 1))
        for size in [1, 7, 61] {
            precondition(events(bytes, cutInto: size) == whole, "what is told depends on how the answer is cut")
        }
    }

    private static func events(_ bytes: [UInt8], cutInto size: Int) -> [FeedEvent] {
        let now = ContinuousClock.now
        let ok = APIResponse(status: 200)
        var events: [FeedEvent] = []
        for isWatch in [false, true] {
            var feed = ResourceFeed(APIResource.all(node: "n1")[0])
            _ = feed.nextRequest(now: now)
            if isWatch {
                _ = feed.receive(empty, ok, now: now) + feed.finish(.complete, ok, now: now)
                _ = feed.nextRequest(now: now)
            }
            for first in stride(from: 0, to: bytes.count, by: size) {
                events += feed.receive(Array(bytes[first..<min(first + size, bytes.count)]), ok, now: now)
            }
            events += feed.finish(.complete, ok, now: now)
        }
        return events
    }

    private static let empty = Array(#"{"kind":"ServiceList","metadata":{"resourceVersion":"7"},"items":[]}"#.utf8)

    static let lists = [
        #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":""},"items":["#
            + #"{"metadata":{"name":"a\u00e9","namespace":"b","managedFields":[{"x":{}}]},"spec":{"clusterIP":"10.96.0.1","#
            + #""ports":[{"port":80,"name":"}],"}]}},{"metadata":{"name":"c"},"spec":7}]}"#,
        #"{"type":"ADDED","object":{"kind":"Service","metadata":{"name":"a","namespace":"b","resourceVersion":"8"},"#
            + #""spec":{"ports":[{"port":1}]}}}"# + "\n" + #"{"type":"DELETED","object":{"metadata":{"name":"a"}}}"#
            + "\n"
            + #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"# + "\n",
    ].map { Array($0.utf8) }
}
