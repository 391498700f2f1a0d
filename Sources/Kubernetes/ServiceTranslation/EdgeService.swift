import KubernetesObjects
import LoadBalancing

/// How the external addresses of a Service are served at an edge: by directors that share nothing, behind routers that
/// spread flows over them. Any of them sends any packet of a flow to the same endpoint, so that one stands in for
/// another that fails.
///
/// For that, every node has the same endpoints in the same order, and what one node alone knows decides nothing:
/// connections, persistence, thresholds, zones. The endpoints answer the clients themselves, at the address of the
/// Service. Its cluster IPs and node ports are served as those of any other Service.
struct EdgeService: Hashable {
    let scheduler: Scheduler
    let forwarding: ForwardingMethod

    /// The largest table that `mh` makes for a virtual server holds 4,093 real servers (`CONFIG_IP_VS_MH_TAB_INDEX` as
    /// distributions have it); with one more, the kernel leaves the table as it was. Those that drain are among them, and
    /// all may be replaced at once: half of it is for them.
    static let endpoints = 2_046

    init(_ service: Service, _ reader: inout AnnotationReader) {
        _ = reader.value("scheduler", expecting: "the scheduler of an edge, mh") { $0 == "mh" ? $0 : nil }
        let expectation = "a list of " + SchedulerFlags.allNames(for: "mh").joined(separator: ", ")
        let asked = reader.value("scheduler-flags", expecting: expectation) { ServiceSettings.flags($0, for: "mh") }
        // The client's port counts, but for session affinity: without it, all of a client goes to one endpoint. The
        // fallback is as much the same on every node as the table; without it, clients of a draining endpoint are
        // refused.
        let hasAffinity = service.sessionAffinityTimeout != nil
        scheduler = Scheduler("mh", flags: asked ?? (hasAffinity ? [.flag1] : [.flag1, .flag2]))
        let methods: [String: ForwardingMethod] = ["direct": .direct, "tunnel": .tunnel(.ipip)]
        forwarding =
            reader.value("forwarding", expecting: "possible at an edge (direct or tunnel)") { methods[$0] } ?? .direct
    }

    /// Whether an address is served so.
    static func serves(_ role: TranslatedVirtualServer.Role) -> Bool { role == .externalIP || role == .loadBalancer }

    /// Those real servers that an edge can have at a port: on the same one, and with a weight, for the kernel's table
    /// remembers a former weight of one with 0, and so depends on the past.
    func possible(_ realServers: [RealServer], port: UInt16) -> [RealServer] {
        Array(realServers.lazy.filter { $0.endpoint.port == port && $0.weight > 0 }.prefix(Self.endpoints))
    }

    /// Why an edge cannot serve external addresses of a Service at all; `nil` when it can.
    static func refusal(of service: Service) -> String? {
        guard service.externalTrafficPolicy == .local else { return nil }
        return
            "externalTrafficPolicy Local gives every node other endpoints, and an edge needs the same on all: set it "
            + "to Cluster (endpoints see the clients' addresses all the same)"
    }
}
