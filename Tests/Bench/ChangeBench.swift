import Agent
import Documents
import Glibc
import IPVS
import KubernetesAPI
import KubernetesObjects
import LoadBalancing
import Reconcile
import ServiceTranslation

/// What one endpoint's change costs from the line of the watch to the kernel, in clusters of several sizes.
struct ChangeBench {
    let count: Int
    let directory: String
    private var objects: BenchObjects { BenchObjects(count: count) }

    /// Changes that are measured; the first few warm up and do not count.
    ///
    /// A user-mode kernel counts processor time in ticks of 10 ms: only a sum over many changes says anything.
    private static let changes = 520
    private static let warmUp = 20

    /// The mean of our own processor time and the median of the whole time; before, the time to read and translate the
    /// first lists. In seconds.
    func measure() throws -> (processor: Double, wall: Double, lists: Double) {
        _ = try MeasuredCommand(arguments: ["ip", "link", "set", "lo", "up"]).run()
        let resources = APIResource.all(node: "n1")
        let now = ContinuousClock.now
        var index = ServiceIndex(translator: ServiceTranslator(policy: TranslationPolicy(nodeName: "n1")))
        var slices = ResourceFeed(resources[1])
        let texts = [("Service", Array(objects.services.utf8)), ("EndpointSlice", Array(objects.endpointSlices.utf8))]
        let beforeLists = clock(CLOCK_MONOTONIC)
        for (kind, text) in texts {
            var feed = kind == "Service" ? ResourceFeed(resources[0]) : slices
            _ = feed.nextRequest(now: now)
            var events = feed.receive(text, APIResponse(status: 200), now: now)
            events += feed.finish(.complete, APIResponse(status: 200), now: now)
            take(events, &index)
            if kind == "EndpointSlice" { slices = feed }
        }
        _ = index.refresh()
        let lists = clock(CLOCK_MONOTONIC) - beforeLists
        let synchronizer = Synchronizer(
            table: try IPVSClient(),
            store: LedgerStore(directory: "\(directory)/state-\(count)", identity: try StateIdentity.current()),
            policy: ReconcilePolicy())
        _ = try synchronizer.synchronize(DesiredState(virtualServers: index.desiredVirtualServers))
        _ = slices.nextRequest(now: now)
        var begin = 0.0
        var wall: [Double] = []
        for change in 0..<Self.changes {
            let slice = objects.slice(change % count, replacing: change)
            let line = Array("{\"type\":\"MODIFIED\",\"object\":\(slice)}\n".utf8)
            if change == Self.warmUp { begin = clock(CLOCK_PROCESS_CPUTIME_ID) }
            let started = clock(CLOCK_MONOTONIC)
            take(slices.receive(line, APIResponse(status: 200), now: now), &index)
            let keys = index.refresh()
            let report = try synchronizer.synchronize(
                only: Set(keys), keys.compactMap { index.desired($0) })
            wall.append(clock(CLOCK_MONOTONIC) - started)
            // The new one comes, the old one gets weight 0, and goes.
            guard report?.operations == 3, report?.failures.isEmpty == true else {
                throw BenchError("a change took \(report?.operations ?? 0) operations instead of 3")
            }
        }
        let processor = clock(CLOCK_PROCESS_CPUTIME_ID) - begin
        return (processor / Double(Self.changes - Self.warmUp), median(wall), lists)
    }

    /// A whole run that plans the same objects from a manifest.
    func planManifest(with ipvsync: String) throws -> MeasuredCommand.Result {
        let path = "\(directory)/manifest-\(count).json"
        try BenchFile.write(objects.manifest, to: path)
        return try MeasuredCommand(
            arguments: [ipvsync, "--once", "--dry-run", "--manifests", path, "--node", "n1"]
        ).run()
    }

    private func take(_ events: [FeedEvent], _ index: inout ServiceIndex) {
        for event in events {
            index.update { cluster in
                switch event {
                case .replaced(let kind, let objects, let kept): cluster.replace(kind, with: objects, keeping: kept)
                case .changed(let object): cluster.set(object)
                case .removed(let identity): cluster.remove(identity)
                }
            }
        }
    }

    private func median(_ values: [Double]) -> Double {
        let sorted = values.dropFirst(Self.warmUp).sorted()
        return sorted[sorted.count / 2]
    }

    private func clock(_ identifier: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(identifier, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
