package import KubernetesObjects
package import LoadBalancing

/// The feeds of several collections of one API server.
package final class ClusterWatch {
    private let transfers: HTTPTransfers
    private let namedAddress: IPAddress?
    private var feeds: [ResourceFeed]
    private let now: () -> ContinuousClock.Instant
    private let follows: Bool

    /// - Parameter follows: Whether changes are watched once the lists are complete.
    package init(
        _ access: ClusterAccess, resources: [APIResource], follows: Bool = true,
        now: @escaping () -> ContinuousClock.Instant = { .now }
    ) {
        transfers = HTTPTransfers(access)
        namedAddress = access.serverAddress
        feeds = resources.map { ResourceFeed($0) }
        self.follows = follows
        self.now = now
    }

    /// Whether every collection has been read once.
    package var isComplete: Bool { feeds.allSatisfy(\.status.isComplete) }

    /// Where the API server is reached: the address by which it is named, and those that connections were opened to.
    package var servers: Set<IPAddress> { namedAddress.map { transfers.peers.union([$0]) } ?? transfers.peers }

    /// How each feed is doing, by its collection's name.
    package var statuses: [(name: String, status: FeedStatus)] { feeds.map { ($0.resource.name, $0.status) } }

    /// Waits until something happens, and says what.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at most.
    ///   - descriptors: Descriptors of others that end the wait when they can be read.
    package func poll(timeout: Duration, descriptors: [Int32] = []) -> [FeedEvent] {
        beginRequests()
        let soonest = feeds.compactMap(\.resumption).min().map { max(.zero, $0 - now()) }
        var result: [FeedEvent] = []
        for event in transfers.poll(timeout: min(timeout, soonest ?? timeout), descriptors: descriptors) {
            switch event {
            case .received(let id, let bytes, let response):
                result += feeds[id].receive(bytes, response, now: now())
                if !feeds[id].isRunning { transfers.cancel(id) }
            case .ended(let id, let outcome, let response, let isUntrusted):
                result += feeds[id].finish(outcome, response, isUntrusted: isUntrusted, now: now())
            }
        }
        return result
    }

    private func beginRequests() {
        for id in feeds.indices where follows || !feeds[id].status.isComplete {
            guard let request = feeds[id].nextRequest(now: now()) else { continue }
            do throws(FeedProblem) {
                try transfers.start(request, id: id)
            } catch {
                feeds[id].fail(error, now: now())
            }
        }
    }
}

extension ClusterWatch {
    /// Reads collections once.
    ///
    /// - Parameter patience: How long a server that does not answer is asked again.
    /// - Throws: What went wrong last; at once when the server refuses.
    package static func objects(
        _ access: ClusterAccess, _ resources: [APIResource], patience: Duration = .seconds(60)
    ) throws(FeedProblem) -> [KubernetesObject] {
        try reading(access, resources, patience: patience).objects
    }

    /// The same, with the addresses where the server was reached.
    package static func reading(
        _ access: ClusterAccess, _ resources: [APIResource], patience: Duration = .seconds(60)
    ) throws(FeedProblem) -> (objects: [KubernetesObject], servers: Set<IPAddress>) {
        let watch = ClusterWatch(access, resources: resources, follows: false)
        let deadline = ContinuousClock.now + patience
        var objects: [KubernetesObject] = []
        while !watch.isComplete {
            for event in watch.poll(timeout: .seconds(1)) {
                if case .replaced(_, let list, _) = event { objects += list }
            }
            let problems = watch.statuses.compactMap(\.status.problem)
            if let problem = problems.first(where: \.isRefusal) { throw problem }
            if let problem = problems.first, ContinuousClock.now > deadline { throw problem }
        }
        for (name, status) in watch.statuses {
            guard let (object, problem) = status.unreadable.min(by: { $0.key < $1.key }) else { continue }
            throw FeedProblem(resource: name, message: "\(object): \(problem)", isRefusal: true)
        }
        return (objects, watch.servers)
    }
}
