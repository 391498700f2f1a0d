internal import Documents
internal import KubernetesObjects

/// Lists a collection in pages and follows its changes, for ever. Pure: requests out, bytes in, events out.
///
/// A list is taken as a whole when its last page is there. A watch goes on from the last version that was heard of;
/// when the server has forgotten that version (410), the list begins again, and what was known stays until it is
/// complete.
package struct ResourceFeed: Sendable {
    package private(set) var resource: APIResource
    package private(set) var status = FeedStatus()
    private var phase: Phase = .idle
    private var next: Step = .list(page: nil)
    private var backoff = Backoff()
    private var generator: any RandomNumberGenerator & Sendable
    private var pending: [UInt8] = []
    /// How much of it has been searched for the end of a line.
    private var searched = 0
    private var collected: [KubernetesObject] = []
    private var unreadable: [ObjectName: String] = [:]
    private var started: ContinuousClock.Instant?

    private enum Phase: Equatable { case idle, running }

    fileprivate enum Step: Hashable {
        case list(page: String?)
        case watch(version: String)
    }

    /// When the next request may begin; `nil` for at once.
    package private(set) var resumption: ContinuousClock.Instant?

    /// Objects in a page.
    static let pageSize = 500
    static let maximumPage = 256 << 20
    /// The longest line of a watch; etcd takes 1.5 MiB an object.
    static let maximumLine = 16 << 20
    private static let maximumStatus = 64 << 10
    private static let listTimeout = 120
    /// A collection that the server does without is asked for again after that long.
    private static let absence = Duration.seconds(600)
    /// A watch that ends sooner than this is taken for a failing one.
    private static let shortWatch = Duration.seconds(1)

    package init(
        _ resource: APIResource, generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.resource = resource
        self.generator = generator
    }

    /// Whether a request is under way; one that no longer is may be cut.
    package var isRunning: Bool { phase == .running }
}

// MARK: - Requests

extension ResourceFeed {
    /// The request to make now; `nil` while one is under way, or while it waits.
    package mutating func nextRequest(now: ContinuousClock.Instant) -> APIRequest? {
        guard phase == .idle, resumption.map({ $0 <= now }) ?? true else { return nil }
        phase = .running
        resumption = nil
        pending = []
        searched = 0
        started = now
        switch next {
        case .list(let page):
            if page == nil {
                collected = []
                unreadable = [:]
            }
            return APIRequest(
                resource, [("limit", "\(Self.pageSize)"), ("continue", page)], timeout: Self.listTimeout)
        case .watch(let version):
            status.watches += 1
            let seconds = Int.random(in: 300...600, using: &generator)
            return APIRequest(
                resource,
                [
                    ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
                    ("timeoutSeconds", "\(seconds)"),
                ], timeout: seconds + 30)
        }
    }

    /// Takes a part of the answer; an empty one tells that the answer has begun.
    package mutating func receive(
        _ bytes: [UInt8], _ response: APIResponse, now: ContinuousClock.Instant
    ) -> [FeedEvent] {
        guard phase == .running else { return [] }
        pending += bytes
        guard response.status == 200 else {
            if pending.count > Self.maximumStatus { pending.removeLast(pending.count - Self.maximumStatus) }
            return []
        }
        status.lastHeard = now
        status.problem = nil
        guard case .watch = next else {
            if pending.count > Self.maximumPage {
                fail("a page of the list is longer than \(Self.maximumPage >> 20) MiB", now: now)
            }
            return []
        }
        return readLines(now: now)
    }

    /// Takes note of the answer's end.
    ///
    /// - Parameter isUntrusted: Whether the server could not show that it is the one that was meant.
    package mutating func finish(
        _ outcome: APIOutcome, _ response: APIResponse, isUntrusted: Bool = false, now: ContinuousClock.Instant
    ) -> [FeedEvent] {
        guard phase == .running else { return [] }
        guard response.status == 200 || response.status == 0 else {
            refuse(response, now: now)
            return []
        }
        switch (next, outcome) {
        case (.list, .complete): return finishPage(now: now)
        case (.list, .broken(let message)):
            fail(message, isRefusal: isUntrusted, now: now)
        case (.watch, .broken(let message)) where response.status == 0:
            fail(message, isRefusal: isUntrusted, now: now)
        case (.watch, .broken), (.watch, .complete):
            // The rest of a line that was cut is sent again by the next watch.
            finishWatch(now: now)
        }
        return []
    }
}

// MARK: - Lists

extension ResourceFeed {
    private mutating func finishPage(now: ContinuousClock.Instant) -> [FeedEvent] {
        let (bytes, kind) = (pending, resource.kind)
        pending = []
        var objects: [KubernetesObject] = []
        var refused: [ObjectName: String] = [:]
        let list: YAMLNode?
        do throws(YAMLError) {
            list = try YAMLNode.forEachObject(inJSON: bytes) { node, listKind in
                guard listKind != nil else { return }
                do throws(ObjectError) {
                    objects.append(try KubernetesObject(node, kind: kind, namespace: ""))
                } catch {
                    refused[node.objectName] = "\(error.field): \(error.message)"
                }
            }
        } catch {
            fail("the list is no JSON: \(error.message)", now: now)
            return []
        }
        guard let metadata = list?["metadata"], let version = metadata["resourceVersion"]?.scalar?.text else {
            fail("the answer is no list of objects", now: now)
            return []
        }
        collected += objects
        unreadable.merge(refused) { $1 }
        phase = .idle
        if let page = metadata["continue"]?.scalar?.text, !page.isEmpty {
            next = .list(page: page)
            return []
        }
        next = .watch(version: version)
        status.lists += 1
        status.isComplete = true
        status.unreadable = unreadable
        settle()
        defer { collected = [] }
        return [.replaced(kind: kind, collected, unreadable: Set(unreadable.keys))]
    }
}

// MARK: - Watches

extension ResourceFeed {
    private mutating func readLines(now: ContinuousClock.Instant) -> [FeedEvent] {
        var events: [FeedEvent] = []
        var start = pending.startIndex
        while phase == .running, let end = pending[max(start, searched)...].firstIndex(of: UInt8(ascii: "\n")) {
            if end > start { readLine(Array(pending[start..<end]), &events, now: now) }
            start = end + 1
        }
        guard phase == .running else { return events }
        pending.removeFirst(start)
        searched = pending.count
        if pending.count > Self.maximumLine {
            fail("an event is longer than \(Self.maximumLine >> 20) MiB", now: now)
            next = .list(page: nil)
        }
        return events
    }

    private mutating func readLine(_ line: [UInt8], _ events: inout [FeedEvent], now: ContinuousClock.Instant) {
        var event: YAMLNode?
        do throws(YAMLError) {
            _ = try YAMLNode.forEachObject(inJSON: line) { node, _ in event = node }
        } catch {
            return restart("an event is no JSON: \(error.message)", now: now)
        }
        guard let type = event?["type"]?.scalar?.text, let object = event?["object"] else {
            return restart("an event has no type or no object", now: now)
        }
        status.events += 1
        switch type {
        case "ADDED", "MODIFIED", "DELETED":
            read(object, isRemoval: type == "DELETED", &events)
            advance(to: object)
            settle()
        case "BOOKMARK":
            advance(to: object)
            settle()
        case "ERROR":
            // 410: the version is forgotten. Whatever else it is, a new list makes it good.
            let message = object["message"]?.scalar?.text ?? "an error without a message"
            if object["code"]?.scalar?.text == "410" {
                phase = .idle
                next = .list(page: nil)
            } else {
                restart("the watch ended with: \(message)", now: now)
            }
        default:
            // From a newer server: what it means will show in the next list.
            status.failures += 1
        }
    }

    private mutating func read(_ object: YAMLNode, isRemoval: Bool, _ events: inout [FeedEvent]) {
        let name = object.objectName
        if isRemoval {
            status.unreadable[name] = nil
            events.append(.removed(ObjectIdentity(kind: resource.kind, name: name)))
            return
        }
        do throws(ObjectError) {
            events.append(.changed(try KubernetesObject(object, kind: resource.kind, namespace: "")))
            status.unreadable[name] = nil
        } catch {
            status.unreadable[name] = "\(error.field): \(error.message)"
        }
    }

    private mutating func advance(to object: YAMLNode) {
        guard let version = object["metadata"]?["resourceVersion"]?.scalar?.text, !version.isEmpty else { return }
        next = .watch(version: version)
    }

    private mutating func finishWatch(now: ContinuousClock.Instant) {
        phase = .idle
        if let started, now - started < Self.shortWatch {
            resumption = now + backoff.next(&generator)
        }
    }

    private mutating func restart(_ message: String, now: ContinuousClock.Instant) {
        fail(message, now: now)
        next = .list(page: nil)
    }
}

// MARK: - Failures

extension ResourceFeed {
    /// An answer that is none: the status says what to do.
    private mutating func refuse(_ response: APIResponse, now: ContinuousClock.Instant) {
        var message: String?
        _ = try? YAMLNode.forEachObject(inJSON: pending) { node, _ in message = node["message"]?.scalar?.text }
        let isStale = response.status == 410 || (response.status == 400 && next.isLaterPage)
        if isStale {
            phase = .idle
            next = .list(page: nil)
            // The first time at once; a server that always answers so is not stormed.
            resumption = now + backoff.next(&generator)
            return
        }
        fail(
            "HTTP \(response.status)\(message.map { ": \($0)" } ?? "")",
            isRefusal: [401, 403, 404].contains(response.status),
            wait: .seconds(min(response.retryAfter, 60)), now: now)
    }

    private mutating func fail(
        _ message: String, isRefusal: Bool = false, wait: Duration = .zero, now: ContinuousClock.Instant
    ) {
        phase = .idle
        pending = []
        if resource.isOptional, status.lists == 0 { return goWithout(isRefusal: isRefusal, now: now) }
        status.failures += 1
        status.problem = FeedProblem(resource: resource.name, message: message, isRefusal: isRefusal)
        resumption = now + max(wait, backoff.next(&generator))
    }

    /// Does without an optional collection that was never read; another path is tried at once.
    private mutating func goWithout(isRefusal: Bool, now: ContinuousClock.Instant) {
        next = .list(page: nil)
        if isRefusal, resource.turn() {
            resumption = now
        } else {
            status.isComplete = true
            resumption = now + (isRefusal ? Self.absence : backoff.next(&generator))
        }
    }

    /// Takes note of a request that could not be made.
    mutating func fail(_ problem: FeedProblem, now: ContinuousClock.Instant) {
        fail(problem.message, isRefusal: problem.isRefusal, now: now)
    }

    private mutating func settle() {
        backoff.reset()
        status.problem = nil
    }
}

extension ResourceFeed.Step {
    fileprivate var isLaterPage: Bool {
        if case .list(.some) = self { return true }
        return false
    }
}

extension YAMLNode {
    /// The name in an object's metadata, as far as it can be read.
    fileprivate var objectName: ObjectName {
        ObjectName(
            namespace: self["metadata"]?["namespace"]?.scalar?.text ?? "",
            name: self["metadata"]?["name"]?.scalar?.text ?? "")
    }
}
