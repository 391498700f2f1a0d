internal import Agent
package import KubernetesAPI
package import LoadBalancing
internal import Reconcile
package import ServiceTranslation

/// What kube-proxy counts, under its names and in its buckets (`pkg/proxy/metrics` and
/// `component-base/metrics/prometheus/restclient` in Kubernetes), counted of this agent.
package struct KubeProxyMetrics: Sendable {
    /// What is counted of one family.
    struct Family: Sendable {
        /// When virtual servers of it were last as they should be; `nil` before the first sync.
        var lastSync: WallTime?
        /// When the last change came; `nil` before the first one.
        var lastQueued: WallTime?
        fileprivate var syncs = Histogram(bounds: syncBounds)
        fileprivate var programming = Histogram(bounds: programmingBounds)
    }

    private var families = [Family](repeating: Family(), count: AddressFamily.allCases.count)
    /// Changes of objects that have come.
    private var noted = ChangeCounts()
    /// Those of them that the kernel has.
    private var settled = ChangeCounts()
    private var withoutLocal = LocalLack()
    /// Answers of the API server by status; 0 without one.
    private var requests: [RequestLabels: UInt64] = [:]
    private var requestDurations: [RequestLabels: Histogram] = [:]

    private struct RequestLabels: Hashable, Comparable {
        let host: String
        let method: String
        /// The status; empty where it does not count.
        var code = ""

        static func < (left: Self, right: Self) -> Bool {
            (left.host, left.method, left.code) < (right.host, right.method, right.code)
        }
    }

    private static let syncBounds = (0..<15).map { 0.001 * Double(1 << $0) }
    /// The first one is kube-proxy's, too.
    private static let programmingBounds: [Double] = {
        var bounds: [Double] = [0, 0.25, 0.5]
        bounds += stride(from: 1.0, through: 59, by: 1)
        bounds += stride(from: 60.0, through: 115, by: 5)
        bounds += stride(from: 120.0, through: 300, by: 30)
        return bounds
    }()
    private static let requestBounds: [Double] = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

    package init() {}

    subscript(family: AddressFamily) -> Family {
        get { families[Int(family.rawValue)] }
        set { families[Int(family.rawValue)] = newValue }
    }

    /// Takes note of changes that have come.
    ///
    /// - Parameters:
    ///   - counts: Of all changes since the beginning.
    ///   - changed: The families of the virtual servers that are wanted otherwise.
    package mutating func note(_ counts: ChangeCounts, _ changed: Set<AddressFamily>, at time: WallTime = .now) {
        noted = counts
        for family in changed { self[family].lastQueued = time }
    }

    /// Takes note that the kernel has every change that has come.
    ///
    /// - Parameters:
    ///   - triggers: What had these changes come about, if it is known when.
    ///   - lack: The Services that want endpoints of this node and have them elsewhere.
    package mutating func settle(
        _ counts: ChangeCounts, _ triggers: [ChangeTrigger], _ lack: LocalLack, started: WallTime,
        at time: WallTime = .now
    ) {
        (noted, settled, withoutLocal) = (counts, counts, lack)
        for trigger in triggers {
            // What lies before the start says nothing of this agent, what is to come is another clock's.
            let begin = WallTime(seconds: trigger.seconds)
            guard started < begin, begin < time else { continue }
            self[trigger.family].programming.observe(seconds: time.seconds - begin.seconds)
        }
    }

    /// Counts a sync of the table in: of the families that it changed, or of both when it found nothing to change.
    mutating func record(_ step: AgentStep, _ report: SyncReport, at time: WallTime) {
        let changed = Set(report.changes.compactMap(\.operation.key?.family))
        for family in AddressFamily.allCases where changed.isEmpty || changed.contains(family) {
            self[family].syncs.observe(report.timings.total)
        }
        guard report.isWithoutFailure else { return }
        // What was not changed is right as well.
        for family in AddressFamily.allCases { self[family].lastSync = time }
    }

    /// Counts answers of the API server in.
    package mutating func record(_ answers: [APIAnswer]) {
        for answer in answers {
            let labels = RequestLabels(host: answer.host, method: answer.method)
            let code = answer.status == 0 ? "<error>" : "\(answer.status)"
            requests[RequestLabels(host: answer.host, method: answer.method, code: code), default: 0] += 1
            requestDurations[labels, default: Histogram(bounds: Self.requestBounds)].observe(answer.delay)
        }
    }

    // MARK: - Text

    /// Writes them out.
    ///
    /// - Parameter answers: How often each of these was given.
    func write(to text: inout Exposition, answers: (KubeProxyAnswer) -> UInt64) {
        for path in KubeProxyAnswer.Path.allCases {
            let name = "kubeproxy_proxy_\(path.rawValue)_total"
            text.begin(name, .counter, "Answers to /\(path.rawValue), by their status.")
            for status in [200, 503] {
                let count = answers(KubeProxyAnswer(path: path, status: status))
                text.sample(name, [("code", "\(status)")], count)
            }
        }
        histogram("sync_proxy_rules_duration", "How long syncs took.", \.syncs, &text)
        histogram(
            "network_programming_duration", "From a change of a Pod or Service to the kernel having it.",
            \.programming, &text)
        for (name, help, time) in [
            ("last_timestamp", "When the last sync ended that did all it should.", \Family.lastSync),
            ("last_queued_timestamp", "When the last change came.", \Family.lastQueued),
        ] {
            let name = "kubeproxy_sync_proxy_rules_\(name)_seconds"
            text.begin(name, .gauge, help)
            for family in AddressFamily.allCases {
                text.sample(name, [("ip_family", family.label)], self[family][keyPath: time]?.seconds ?? 0)
            }
        }
        writeChanges(&text)
        writeRequests(&text)
    }

    private func histogram(
        _ name: String, _ help: String, _ path: KeyPath<Family, Histogram>, _ text: inout Exposition
    ) {
        let name = "kubeproxy_\(name)_seconds"
        text.begin(name, .histogram, help)
        for family in AddressFamily.allCases {
            text.histogram(name, [("ip_family", family.label)], self[family][keyPath: path])
        }
    }

    private func writeChanges(_ text: inout Exposition) {
        for (kind, what, path) in [
            ("endpoint", "EndpointSlices", \ChangeCounts.endpoints), ("service", "Services", \ChangeCounts.services),
        ] {
            let name = "kubeproxy_sync_proxy_rules_\(kind)_changes"
            text.single(
                "\(name)_pending", .gauge, "Changes of \(what) that the kernel does not have yet.",
                noted[keyPath: path] - settled[keyPath: path])
            text.single("\(name)_total", .counter, "Changes of \(what).", noted[keyPath: path])
        }
        let name = "kubeproxy_sync_proxy_rules_no_local_endpoints_total"
        text.begin(
            name, .gauge, "Services with a Local traffic policy, endpoints elsewhere and none on this node.")
        for family in AddressFamily.allCases {
            for policy in LocalLack.Policy.allCases {
                text.sample(
                    name, [("ip_family", family.label), ("traffic_policy", policy.rawValue)],
                    withoutLocal[family, policy])
            }
        }
    }

    private func writeRequests(_ text: inout Exposition) {
        text.begin("rest_client_requests_total", .counter, "Answers of the API server, by their status.")
        for (labels, count) in requests.sorted(by: { $0.key < $1.key }) {
            text.sample(
                "rest_client_requests_total",
                [("code", labels.code), ("host", labels.host), ("method", labels.method)], count)
        }
        text.begin(
            "rest_client_request_duration_seconds", .histogram, "From a request to the head of the API server's answer."
        )
        for (labels, durations) in requestDurations.sorted(by: { $0.key < $1.key }) {
            text.histogram(
                "rest_client_request_duration_seconds", [("host", labels.host), ("verb", labels.method)], durations)
        }
    }
}
