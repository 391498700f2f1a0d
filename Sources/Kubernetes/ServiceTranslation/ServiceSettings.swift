import HealthChecks
import KubernetesObjects
import LoadBalancing

/// How the virtual servers of one Service are set up: the node's defaults, changed by the Service's annotations.
struct ServiceSettings {
    private(set) var scheduler: Scheduler
    private(set) var forwarding: ForwardingMethod
    /// Whether connections to cluster IPs and node ports are masqueraded all the same.
    private(set) var forwardsOnlyExternal = false
    private(set) var granularity: Int?
    private(set) var onePacket: Bool
    private(set) var drainTimeout: UInt32?
    private(set) var upperThreshold: UInt32
    /// What TCP endpoints are asked, though they are ready; `nil` for nothing.
    private(set) var probe: ServerCheck.Probe?
    /// How its external addresses are served; `nil` for as all others.
    private(set) var edge: EdgeService?
    private(set) var warnings: [TranslationWarning]

    /// What a Service may say, behind the prefix.
    static let annotations: Set<String> = [
        "check", "edge", "scheduler", "scheduler-flags", "forwarding", "persistence-granularity", "one-packet",
        "drain-timeout", "upper-threshold",
    ]
    /// kube-router's annotations by our names (`pkg/controllers/proxy` there).
    private static let aliases = [
        "scheduler": "kube-router.io/service.scheduler", "scheduler-flags": "kube-router.io/service.schedflags",
        "forwarding": "kube-router.io/service.dsr",
    ]

    init(_ service: Service, policy: TranslationPolicy) {
        var reader = AnnotationReader(
            service.metadata, known: Self.annotations, aliases: Self.aliases, heeded: policy.annotations)
        let isEdge =
            reader.value("edge", expecting: "true or false") { ["true": true, "false": false][$0] } ?? policy.isEdge
        edge = isEdge ? EdgeService(service, &reader) : nil
        scheduler = isEdge ? policy.scheduler : Self.scheduler(&reader, default: policy.scheduler)
        // There it is about external IPs and load balancers alone, and knows one method.
        forwardsOnlyExternal = reader.isAlias("forwarding")
        let methods: [String: ForwardingMethod] =
            forwardsOnlyExternal
            ? ["tunnel": .tunnel(.ipip)]
            : ["masquerade": .masquerade, "direct": .direct, "tunnel": .tunnel(.ipip)]
        let expectation = forwardsOnlyExternal ? "tunnel" : "masquerade, direct or tunnel"
        forwarding =
            isEdge ? .masquerade : reader.value("forwarding", expecting: expectation) { methods[$0] } ?? .masquerade
        granularity = reader.value("persistence-granularity", expecting: "a prefix length from 1 to 128") {
            Int($0).flatMap { (1...128).contains($0) ? $0 : nil }
        }
        onePacket =
            reader.value("one-packet", expecting: "true or false") { ["true": true, "false": false][$0] } ?? false
        drainTimeout =
            reader.value("drain-timeout", expecting: "a duration such as 90s, 15m or 1h30m", Self.seconds)
            ?? policy.drainTimeout
        // What one node alone knows must not decide where an edge sends a packet.
        upperThreshold =
            reader.value(
                "upper-threshold", expecting: isEdge ? "possible at an edge" : "a number of connections"
            ) { isEdge ? nil : UInt32($0) } ?? 0
        probe = reader.value("check", expecting: "tcp, ping, http:/path or https:/path") { text in
            ["tcp", "ping"].contains(text) || text.hasPrefix("http") ? ServerCheck(brief: text)?.probe : nil
        }
        warnings = reader.warnings
    }

    private static func scheduler(_ reader: inout AnnotationReader, default standard: Scheduler) -> Scheduler {
        // The kernel would load a module of any name: a tenant gets those of IPVS, and the one that the node has chosen.
        let names = Scheduler.knownNames.joined(separator: ", ")
        let name = reader.value("scheduler", expecting: "a scheduler of IPVS (\(names))") { text in
            Scheduler.knownNames.contains(text) || text == standard.name ? text : nil
        }
        var scheduler = name.map { $0 == standard.name ? standard : Scheduler($0) } ?? standard
        let schedulerName = scheduler.name
        let expectation = "a list of " + SchedulerFlags.allNames(for: schedulerName).joined(separator: ", ")
        // kube-router's count for mh alone.
        let isAsked = schedulerName == "mh" || !reader.isAlias("scheduler-flags")
        let asked: SchedulerFlags? =
            isAsked
            ? reader.value("scheduler-flags", expecting: expectation) { flags($0, for: schedulerName) } : nil
        // Without the fallback, mh answers "no destination" to clients whose real server has weight 0.
        scheduler.flags = asked ?? (scheduler.name == "mh" ? scheduler.flags.union([.flag1, .flag2]) : scheduler.flags)
        return scheduler
    }

    static func flags(_ text: String, for scheduler: String) -> SchedulerFlags? {
        var flags: SchedulerFlags = []
        for name in text.split(separator: ",") {
            guard let flag = SchedulerFlags(name: String(name.filter { $0 != " " }), for: scheduler) else { return nil }
            flags.formUnion(flag)
        }
        return flags
    }

    /// Reads `90`, `90s`, `15m` or `1h30m`.
    private static func seconds(_ text: String) -> UInt32? {
        UInt32(text) ?? DurationText.seconds(text).flatMap { UInt32(exactly: $0) }
    }
}
