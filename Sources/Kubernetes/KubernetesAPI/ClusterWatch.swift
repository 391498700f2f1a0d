package import KubernetesObjects
package import LoadBalancing

/// The feeds of several collections of one API server.
package final class ClusterWatch {
    private let access: ClusterAccess
    private let transfers: HTTPTransfers
    private let namedAddresses: [IPAddress]
    private var feeds: [ResourceFeed]
    private let now: () -> ContinuousClock.Instant
    private let follows: Bool
    private let host: String
    /// When the request of each feed began whose answer has not come.
    private var asked: [Int: ContinuousClock.Instant] = [:]
    private var answers: [APIAnswer] = []

    /// - Parameters:
    ///   - follows: Whether changes are watched once the lists are complete.
    ///   - peers: Addresses that are known to lead to the server.
    package init(
        _ access: ClusterAccess, resources: [APIResource], follows: Bool = true, peers: [IPAddress] = [],
        now: @escaping () -> ContinuousClock.Instant = { .now }
    ) {
        self.access = access
        transfers = HTTPTransfers(access, peers: peers)
        namedAddresses = access.hosts.compactMap { IPAddress($0) }
        feeds = resources.map { ResourceFeed($0) }
        self.follows = follows
        host = access.authority
        self.now = now
    }

    /// A watch of other collections of the same server, which forgets none of its addresses.
    package func following(_ resources: [APIResource]) -> ClusterWatch {
        ClusterWatch(access, resources: resources, follows: follows, peers: transfers.peers, now: now)
    }

    /// Whether every collection has been read once.
    package var isComplete: Bool { feeds.allSatisfy(\.status.isComplete) }

    /// Where the API server is reached: the addresses by which it and its proxy are named, and those that requests went
    /// to or tried to go to.
    package var servers: Set<IPAddress> { Set(namedAddresses + transfers.peers) }

    /// How each feed is doing, by its collection's name.
    package var statuses: [(name: String, status: FeedStatus)] { feeds.map { ($0.resource.name, $0.status) } }

    /// The Services and slices that cannot be read now.
    package var unreadable: [UnreadableObject] {
        feeds.flatMap { feed in
            guard ["Service", "EndpointSlice"].contains(feed.resource.kind) else { return [UnreadableObject]() }
            return feed.status.unreadableServices.map { name, service in
                UnreadableObject(kind: feed.resource.kind, name: name, service: service)
            }
        }
    }

    /// Of the descriptors that the last call of ``poll(timeout:descriptors:)`` was given, those that have news.
    package var ready: [Int32] { transfers.ready }

    /// Waits until something happens, and says what.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at most.
    ///   - descriptors: Descriptors of others that end the wait when they can be read.
    package func poll(timeout: Duration, descriptors: [Int32] = []) -> [FeedEvent] {
        let begun = now()
        beginRequests(begun)
        let soonest = feeds.compactMap(\.wakeUp).min().map { max(.zero, $0 - begun) }
        var result: [FeedEvent] = []
        let events = transfers.poll(timeout: min(timeout, soonest ?? timeout), descriptors: descriptors)
        let now = now()
        for event in events {
            switch event {
            case .received(let id, let bytes, let response):
                note(response, to: id, now)
                result += feeds[id].receive(bytes, response, now: now)
                if !feeds[id].isRunning { transfers.cancel(id) }
            case .ended(let id, let outcome, let response, let isUntrusted):
                note(response, to: id, now)
                result += feeds[id].finish(outcome, response, isUntrusted: isUntrusted, now: now)
            }
        }
        for id in feeds.indices where feeds[id].isRunning {
            feeds[id].look(now: now)
            if !feeds[id].isRunning { transfers.cancel(id) }
        }
        return result
    }

    /// Takes note that the head of an answer is there, or that none comes.
    private func note(_ response: APIResponse, to id: Int, _ now: ContinuousClock.Instant) {
        guard let begin = asked.removeValue(forKey: id) else { return }
        answers.append(APIAnswer(host: host, method: "GET", status: response.status, delay: begin.duration(to: now)))
    }

    /// The answers that have come since the last call.
    package func takeAnswers() -> [APIAnswer] {
        defer { answers = [] }
        return answers
    }

    private func beginRequests(_ now: ContinuousClock.Instant) {
        for id in feeds.indices where follows || !feeds[id].status.isComplete {
            guard let request = feeds[id].nextRequest(now: now) else { continue }
            do throws(FeedProblem) {
                try transfers.start(request, id: id)
                asked[id] = now
            } catch {
                feeds[id].fail(error, now: now)
            }
        }
    }
}

/// What was read of an API server once.
package struct ClusterSnapshot: Sendable {
    package let objects: [KubernetesObject]
    /// The addresses of the server, and of the proxy on the way to it.
    package let servers: Set<IPAddress>
}

extension ClusterWatch {
    /// Reads collections once.
    ///
    /// - Parameters:
    ///   - patience: How long a server that does not answer well is asked again.
    ///   - tell: Receives what goes wrong meanwhile, each trouble once.
    /// - Throws: What went wrong last; at once when the server refuses.
    package static func snapshot(
        _ access: ClusterAccess, _ resources: [APIResource], patience: Duration = .seconds(60),
        tell: (FeedProblem) -> Void = { _ in }
    ) throws(FeedProblem) -> ClusterSnapshot {
        let watch = ClusterWatch(access, resources: resources, follows: false)
        let deadline = ContinuousClock.now + patience
        var objects: [KubernetesObject] = []
        var told: Set<String> = []
        while !watch.isComplete {
            for event in watch.poll(timeout: .seconds(1)) {
                if case .replaced(_, let list, _) = event { objects += list }
            }
            let problems = watch.statuses.compactMap(\.status.problem)
            if let problem = problems.first(where: \.isRefusal) { throw problem }
            if let problem = problems.first, ContinuousClock.now > deadline { throw problem }
            for problem in problems where told.insert(problem.message).inserted { tell(problem) }
        }
        for (name, status) in watch.statuses {
            guard let (object, problem) = status.unreadable.min(by: { $0.key < $1.key }) else { continue }
            throw FeedProblem(resource: name, message: "\(object): \(problem)", isRefusal: true)
        }
        return ClusterSnapshot(objects: objects, servers: watch.servers)
    }
}
