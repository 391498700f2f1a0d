internal import Agent
internal import KubernetesAPI
internal import KubernetesObjects
internal import LoadBalancing
internal import Logging
internal import ServiceTranslation
internal import Telemetry

/// Tells owners of Services, in Events, what this node does not do as they ask. A thread of its own sends them: nothing
/// else waits for that.
struct ClusterEvents {
    /// How long a virtual server has been without real servers when that is told: most get their first ones by then.
    private static let emptyDelay = Duration.seconds(30)
    /// Services that are watched for that.
    private static let emptyLimit = 1_000

    private let node: String
    private let worker: Worker<APIRequest, APIAnswer>
    private let answers = Inbox<APIAnswer>()
    private var queue: EventQueue
    private var isOn = true
    private var told: String?
    private var toldDropped: UInt64 = 0
    /// When Services that have lost their last endpoint are looked at again.
    private var empty: [ObjectName: ContinuousClock.Instant] = [:]
    private var hasHeld = false

    init(_ access: ClusterAccess, node: String) {
        self.node = node
        let sender = EventSender(access)
        worker = Worker({ sender.send($0) }, done: answers.put)
        queue = EventQueue(node: node, now: .now)
    }

    var descriptor: Int32 { answers.descriptor }

    /// When there is something to do.
    var wakeUp: ContinuousClock.Instant? { [queue.wakeUp, empty.values.min()].compactMap(\.self).min() }

    /// Switches them on or off; what waits is still sent.
    mutating func use(_ settings: AgentSettings) {
        isOn = settings.tellsEvents
        if !isOn { empty = [:] }
    }

    /// Takes warnings on Services that are new.
    mutating func note(_ warnings: [TranslationWarning], _ state: AgentState) {
        for warning in warnings where warning.kind == "Service" {
            guard let reason = Self.reasons[warning.reason] else { continue }
            // Whose it is, is none of a tenant's business.
            let note =
                warning.reason == .conflict
                ? "an address and port that it asks for is another's here" : Self.nameless(warning.message)
            tell(warning.object, reason, note, state)
        }
    }

    /// What is refused, by the reason of its warning. The others say how the object could be better, not what is missing.
    private static let reasons: [TranslationWarning.Reason: String] = [
        .address: "AddressRefused", .bound: "LimitExceeded", .conflict: "AddressConflict",
    ]

    /// The text without the name of another Service.
    private static func nameless(_ text: String) -> String {
        guard let name = text.firstRange(of: " of Service ") else { return text }
        return text[..<name.lowerBound] + " of another Service"
    }

    /// Takes virtual servers that are wanted otherwise now.
    mutating func note(_ keys: [VirtualServerKey], _ state: AgentState) {
        guard isOn, state.isComplete else { return }
        for key in keys {
            guard let service = state.emptyService(key) else { continue }
            if empty[service] == nil, empty.count < Self.emptyLimit { empty[service] = .now + Self.emptyDelay }
        }
    }

    /// Takes what is held back of removals; an empty text for nothing.
    mutating func note(held: String) {
        defer { hasHeld = !held.isEmpty }
        guard isOn, !held.isEmpty, !hasHeld else { return }
        // Those of the kubelet's name the node so as well.
        let object = ObjectName(namespace: "", name: node)
        queue.add(
            ClusterEvent(kind: "Node", object: object, uid: node, reason: "RemovalsHeld", note: held),
            at: WallTime.now.seconds, now: .now)
    }

    private mutating func tell(_ service: ObjectName, _ reason: String, _ note: String, _ state: AgentState) {
        guard isOn, let uid = state.uid(ofService: service) else { return }
        let event = ClusterEvent(kind: "Service", object: service, uid: uid, reason: reason, note: note)
        queue.add(event, at: WallTime.now.seconds, now: .now)
    }

    /// Goes on with what is due.
    mutating func turn(_ state: AgentState, _ reporter: inout AgentReporter, now: ContinuousClock.Instant) {
        for (service, time) in empty where time <= now {
            empty[service] = nil
            if let key = state.emptyKey(of: service) {
                tell(service, "NoEndpoints", "\(key) has no endpoint: connections to it are refused", state)
            }
        }
        let done = answers.take()
        for answer in done { queue.finish(answer.status, now: now) }
        if let request = queue.next(now: now) { worker.hand(request) }
        if !done.isEmpty || queue.dropped != toldDropped { reporter.report(done, events: queue) }
        toldDropped = queue.dropped
        if told != queue.problem, let problem = queue.problem {
            reporter.log.warning("events are not taken", metadata: ["detail": "\(problem)"])
        }
        told = queue.problem
    }
}
