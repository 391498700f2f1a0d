import Glibc
import KubernetesAPI

/// One feed of the agent with its connection to the server, which can fail in the middle of anything.
struct SoakFeed {
    private let kind: String
    private var feed: ResourceFeed
    private let server: SoakServer
    private let random: SoakRandom
    private let figures: SoakFigures
    /// The version up to which a watch that is open has told.
    private var watched: Int?
    /// The rest of a list that is read in pages, and its version.
    private var pages: (items: [String], version: Int) = ([], 0)

    private static let pageSize = 4
    private static let found = APIResponse(status: 200)

    init(_ resource: APIResource, _ server: SoakServer, random: SoakRandom, figures: SoakFigures) {
        kind = resource.kind
        feed = ResourceFeed(resource, generator: random.fork().generator)
        self.server = server
        self.random = random
        self.figures = figures
    }

    /// Whether it has listed once.
    var isComplete: Bool { feed.status.isComplete }

    /// Whether it knows all that the server knows.
    var isCurrent: Bool {
        guard let watched, let news = server.events(of: kind, after: watched) else { return false }
        return isComplete && news.isEmpty
    }

    /// Goes on as far as it can without waiting.
    ///
    /// - Parameter rate: The share of answers that go wrong.
    mutating func proceed(now: ContinuousClock.Instant, rate: Double) -> [FeedEvent] {
        if watched != nil { return watch(now, rate) }
        guard let request = feed.nextRequest(now: now) else { return [] }
        if random.happens(rate) { return fail(now) }
        guard request.path.contains("watch=1"), let version = parameter("resourceVersion", of: request) else {
            return list(from: parameter("continue", of: request), now, rate)
        }
        watched = version
        return watch(now, rate)
    }

    private func parameter(_ name: String, of request: APIRequest) -> Int? {
        request.path.split { "?&".contains($0) }.first { $0.hasPrefix("\(name)=") }
            .flatMap { Int($0.dropFirst(name.count + 1)) }
    }

    // MARK: - Answers

    private mutating func list(
        from start: Int?, _ now: ContinuousClock.Instant, _ rate: Double
    ) -> [FeedEvent] {
        if start == nil { pages = (server.list(kind), server.version) }
        let items = pages.items.dropFirst(start ?? 0)
        var metadata = #""resourceVersion":"\#(pages.version)""#
        if items.count > Self.pageSize { metadata += #","continue":"\#((start ?? 0) + Self.pageSize)""# }
        var text =
            #"{"kind":"\#(kind)List","metadata":{\#(metadata)},"items":[\#(items.prefix(Self.pageSize).joined(separator: ","))]}"#
        var outcome = APIOutcome.complete
        if random.happens(rate) {
            figures.count("source error: a list was cut or garbled")
            text = String(text.prefix(text.count / 2))
            if random.happens(0.5) { outcome = .broken("connection lost") }
        }
        var events = feed.receive(Array(text.utf8), Self.found, now: now)
        events += feed.finish(outcome, Self.found, now: now)
        return events
    }

    private mutating func watch(_ now: ContinuousClock.Instant, _ rate: Double) -> [FeedEvent] {
        guard let position = watched, let news = server.events(of: kind, after: position) else { return expire(now) }
        var text = news.map { $0.line + "\n" }.joined()
        watched = news.last?.version ?? position
        let isCut = random.happens(rate)
        if isCut {
            figures.count("source error: a watch was cut")
            text = String(text.prefix(random.number(0...text.count)))
        }
        var events = feed.receive(Array(text.utf8), Self.found, now: now)
        if isCut {
            events += feed.finish(random.happens(0.5) ? .complete : .broken("connection lost"), Self.found, now: now)
            watched = nil
        }
        return events
    }

    /// The version that the watch goes on from is forgotten: told in one of the two ways of a real server.
    private mutating func expire(_ now: ContinuousClock.Instant) -> [FeedEvent] {
        figures.count("source error: a version was forgotten (410)")
        watched = nil
        if random.happens(0.5) {
            return feed.finish(.complete, APIResponse(status: 410), now: now)
        }
        let line = #"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}"# + "\n"
        return feed.receive(Array(line.utf8), Self.found, now: now) + feed.finish(.complete, Self.found, now: now)
    }

    private mutating func fail(_ now: ContinuousClock.Instant) -> [FeedEvent] {
        figures.count("source error: no answer, or a refusal")
        let status = random.one(of: [0, 401, 403, 429, 500, 503])
        guard status > 0 else {
            return feed.finish(.broken("connection refused"), APIResponse(status: 0), now: now)
        }
        return feed.finish(.complete, APIResponse(status: status), now: now)
    }
}
