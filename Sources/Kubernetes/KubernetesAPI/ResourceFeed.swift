internal import Documents
internal import KubernetesObjects

/// Lists a collection in pages and follows its changes, for ever. Pure: requests out, bytes in, events out.
///
/// A list is taken as a whole when its last page is there. A watch goes on from the last version that was heard of;
/// when the server has forgotten that version (410), the list begins again, and what was known stays until it is
/// complete. A watch that falls silent, without even a bookmark, is begun again. The server is not believed: what it
/// sends is bounded (``FeedLimits``), and has to be of the kind that was asked for.
package struct ResourceFeed {
    package private(set) var resource: APIResource
    package internal(set) var status = FeedStatus()
    var phase: Phase = .idle
    var next: Step = .list(page: nil)
    var backoff = Backoff()
    /// Of lists that a watch asked for: a server that answers lists well and every watch badly is not stormed.
    var relisting = Backoff()
    var generator: any RandomNumberGenerator & Sendable
    /// The line of a watch, or the error, that is being received.
    var pending: [UInt8] = []
    /// How much of it has been searched for the end of a line.
    var searched = 0
    var list = ListInProgress()
    /// What its objects have in common.
    var shared = SharedTexts()
    /// What each object takes, as ``KubernetesObject/elements`` counts it.
    var known: [ObjectName: Int32] = [:]
    /// The sum of them.
    var elements = 0
    /// When the request that is under way began.
    var started: ContinuousClock.Instant?
    /// When a watch last gave an event, or its head; `nil` before that, and for lists.
    var heard: ContinuousClock.Instant?
    /// Whether the server has sent a bookmark: silence then means that the connection is dead.
    var sendsBookmarks = false
    /// How new a list has to be. The first one may be any, as an informer's; what is known after it is not taken back by
    /// an older one.
    var freshness = Freshness.any
    /// When it was last looked at whether its answer comes; `nil` when nobody has to wait for more of it.
    private var looked: ContinuousClock.Instant?
    /// Bytes of the answer, in all and when it was last looked at.
    private var received = (all: 0, before: 0)
    let limits: FeedLimits

    enum Phase: Equatable { case idle, running }

    enum Step: Hashable {
        case list(page: String?)
        case watch(version: String)
    }

    enum Freshness: Hashable {
        /// As the server's cache has it.
        case any
        /// No older than that version. The server's cache answers, so that a thousand nodes may ask at once.
        case since(version: String)
        /// The newest, which the server reads page by page from etcd.
        case newest

        /// The parameters of a list's first request.
        var parameters: [(String, String?)] {
            switch self {
            case .any: [("resourceVersion", "0")]
            case .since(let version): [("resourceVersion", version), ("resourceVersionMatch", "NotOlderThan")]
            case .newest: []
            }
        }
    }

    /// When the next request may begin; `nil` for at once.
    package internal(set) var resumption: ContinuousClock.Instant?

    /// A collection that the server does without is asked for again after that long.
    private static let absence = Duration.seconds(600)
    /// Failures after which an optional collection is gone without.
    private static let optionalPatience = 4
    /// A watch that ends sooner than this is taken for a failing one.
    static let shortWatch = Duration.seconds(1)
    /// A watch that stood for that long is a good one, and its version just came to its end.
    static let longWatch = Duration.seconds(30)

    package init(
        _ resource: APIResource, limits: FeedLimits = FeedLimits(),
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.resource = resource
        self.limits = limits
        self.generator = generator
    }

    /// Whether a request is under way; one that no longer is may be cut.
    package var isRunning: Bool { phase == .running }

    /// When it wants to be looked at without any news: to ask again, or to tell that an answer is late.
    package var wakeUp: ContinuousClock.Instant? {
        guard isRunning else { return resumption }
        return [looked.map { $0 + limits.silence }, silenceEnd].compactMap(\.self).min()
    }
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
        looked = now
        received = (0, 0)
        heard = nil
        switch next {
        case .list(let page):
            let isCached = freshness != .newest && page == nil
            list.beginPage(isFirst: page == nil, isCached: isCached, now: now)
            // The cache knows no pages: it answers with all objects at once. A server without one keeps to the limit.
            return APIRequest(
                resource,
                [("limit", "\(FeedLimits.pageObjects)"), ("continue", page)]
                    + (page == nil ? freshness.parameters : []), timeout: FeedLimits.pageTime)
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
        received.all += bytes.count
        guard response.status == 200 else {
            pending += bytes.prefix(max(0, FeedLimits.status - pending.count))
            return []
        }
        status.lastHeard = now
        if let type = response.mediaType, !type.lowercased().hasPrefix("application/json") {
            let problem = "the answer is \(type.cut(to: 64)) and not JSON: is this an API server?"
            if next.isWatch { restart(problem, now: now) } else { failList(problem, now: now) }
            return []
        }
        guard next.isWatch else {
            readPage(bytes, now: now)
            return []
        }
        // A watch without news is well all the same.
        looked = nil
        status.problem = nil
        if heard == nil { heard = now }
        pending += bytes
        return readLines(now: now)
    }

    /// Takes note of the answer's end.
    ///
    /// - Parameter isUntrusted: Whether the server could not show that it is the one that was meant.
    package mutating func finish(
        _ outcome: APIOutcome, _ response: APIResponse, isUntrusted: Bool = false, now: ContinuousClock.Instant
    ) -> [FeedEvent] {
        guard phase == .running else { return [] }
        // All of the cache at once may be more than the time allows: pages are smaller.
        if case .broken = outcome, !next.isWatch, received.all > 0 { freshness = .newest }
        switch (outcome, response.status) {
        case (.failed(let message), _): fail(message, now: now)
        case (.broken, 200) where next.isWatch && received.all > 0:
            // The rest of a line that was cut is sent again by the next watch.
            finishWatch(now: now)
        case (.broken(let message), 0...200) where !next.isWatch || received.all == 0,
            (.broken(let message), _) where isUntrusted:
            fail(message, isRefusal: isUntrusted, now: now)
        case (_, 200) where next.isWatch: finishWatch(now: now)
        case (_, 200): return finishPage(now: now)
        default: refuse(response, now: now)
        }
        return []
    }

    /// Tells of an answer that does not come, or next to nothing of it.
    ///
    /// A watch of which nothing is heard for too long is given up, and goes on where it was: its connection may be dead
    /// though nobody has said so.
    package mutating func look(now: ContinuousClock.Instant) {
        if isRunning, let end = silenceEnd, end <= now { return endSilentWatch(now: now) }
        guard isRunning, let before = looked, now - before >= limits.silence else { return }
        let (seconds, _) = limits.silence.components
        let isSlow = received.all - received.before < FeedLimits.slowRate * Int(seconds)
        let what =
            received.all == 0
            ? "no answer within \(seconds) s" : "the answer has stopped, or comes slower than 1 KiB/s"
        if isSlow {
            status.problem = FeedProblem(resource: resource.name, message: "\(what); waiting on", isRefusal: false)
        }
        looked = now
        received.before = received.all
    }
}

// MARK: - Failures

extension ResourceFeed {
    /// An answer that is none: the status says what to do.
    private mutating func refuse(_ response: APIResponse, now: ContinuousClock.Instant) {
        let words = statusMessage
        // A version from before the server's data was restored is too large for good.
        let isStale =
            response.status == 410 || response.status == 400 && next.isLaterPage
            || response.status == 504 && words.contains("Too large resource version")
        if isStale {
            phase = .idle
            if !next.isWatch {
                // A list that is refused like that is no news of a lost watch: nothing is heard of changes.
                status.failures += 1
                status.problem = FeedProblem(
                    resource: resource.name, message: "lists come to no end: HTTP \(response.status)", isRefusal: false)
            }
            return listAgain(response.status == 410 ? freshnessAfterExpiry : .newest, now: now)
        }
        // Asking again in the same way would be of no use.
        if [400, 422].contains(response.status) {
            return restart("HTTP \(response.status)\(words.isEmpty ? "" : ": \(words)")", now: now)
        }
        if case .list = next, [500, 504].contains(response.status) { freshness = .newest }
        var message = words.isEmpty ? "" : ": \(words)"
        let isRedirect = (300...399).contains(response.status)
        if isRedirect { message = ": redirects are not followed; name the API server itself" }
        fail(
            "HTTP \(response.status)\(message)", isRefusal: isRedirect || [401, 403, 404].contains(response.status),
            wait: .seconds(max(0, min(response.retryAfter, 60))), now: now)
    }

    /// What the server says of an error: the message of a `Status`, or the beginning of a page.
    private var statusMessage: String {
        do throws(YAMLError) {
            return try YAMLNode.value(inJSON: pending) { $0 == "message" }["message"]?.scalar?.text ?? ""
        } catch {
            return String(decoding: pending.prefix(FeedLimits.message), as: UTF8.self)
        }
    }

    mutating func fail(
        _ message: String, isRefusal: Bool = false, wait: Duration = .zero, now: ContinuousClock.Instant
    ) {
        phase = .idle
        pending = []
        list.endPage()
        if resource.isOptional, status.lists == 0, isRefusal { return goWithout(now: now) }
        status.failures += 1
        // It may come back, and tells whose addresses Services must not have: it is waited for, but not for ever.
        if resource.isOptional, status.failures >= Self.optionalPatience { status.isComplete = true }
        status.problem = FeedProblem(
            resource: resource.name, message: message.cut(to: FeedLimits.message), isRefusal: isRefusal)
        resumption = now + max(wait, backoff.next(&generator))
    }

    /// Does without an optional collection that was never read; another path is tried at once.
    private mutating func goWithout(now: ContinuousClock.Instant) {
        next = .list(page: nil)
        // The server answers: what was wrong before is wrong no more.
        status.problem = nil
        if resource.turn() {
            resumption = now
        } else {
            status.isComplete = true
            resumption = now + Self.absence
        }
    }

    /// Takes note of a request that could not be made.
    mutating func fail(_ problem: FeedProblem, now: ContinuousClock.Instant) {
        fail(problem.message, isRefusal: problem.isRefusal, now: now)
    }

    /// Gives a list up that cannot be right: the next one begins at its beginning.
    ///
    /// - Parameter isRefusal: Whether the next one will hardly be better.
    mutating func failList(_ message: String, isRefusal: Bool = true, now: ContinuousClock.Instant) {
        fail(message, isRefusal: isRefusal, now: now)
        list = ListInProgress()
        next = .list(page: nil)
        // Pages of the newest version are smaller than all of the cache at once.
        freshness = .newest
    }

    mutating func settle() {
        backoff.reset()
        status.problem = nil
    }

    /// What is wrong with the kind that something claims to be of; `nil` if it is the right one, or claims none.
    func mismatch(_ kind: YAMLNode?, _ apiVersion: YAMLNode?, isList: Bool = false) -> String? {
        let expected = isList ? "\(resource.kind)List" : resource.kind
        let kind = kind.map { $0.scalar?.text ?? "" } ?? expected
        let version = apiVersion.map { $0.scalar?.text ?? "" } ?? resource.apiVersion
        // Stand-ins and proxies say `v1` of everything. In that group are no other kinds of these names.
        let isOurVersion = version == resource.apiVersion || version == "v1"
        guard kind != expected || !isOurVersion else { return nil }
        return "\(version) \(kind)".cut(to: 128) + ", not \(resource.apiVersion) \(expected)"
    }
}

extension ResourceFeed.Step {
    var isWatch: Bool {
        if case .watch = self { return true }
        return false
    }

    fileprivate var isLaterPage: Bool {
        if case .list(.some) = self { return true }
        return false
    }
}

extension YAMLNode {
    /// The name in an object's metadata, as far as it can be read.
    var objectName: ObjectName {
        ObjectName(
            namespace: self["metadata"]?["namespace"]?.scalar?.text ?? "",
            name: self["metadata"]?["name"]?.scalar?.text ?? "")
    }

    /// The version in the metadata of an object or a list, which this is; `nil` if there is none.
    var resourceVersion: String? {
        guard let version = self["resourceVersion"]?.scalar, !version.isNull, !version.text.isEmpty else { return nil }
        return version.text
    }
    /// The name of the Service that the object, of that kind, belongs to; `nil` if it does not tell.
    func serviceName(of kind: String) -> String? {
        let name =
            kind == "EndpointSlice"
            ? self["metadata"]?["labels"]?[EndpointSlice.serviceNameLabel]?.scalar?.text : objectName.name
        return name.flatMap { $0.isEmpty ? nil : $0 }
    }
}
