import Glibc
import LoadBalancing

/// A cluster of three nodes with pods, and a client outside, all of them namespaces of this one machine.
///
///     a ─┐       ┌─ node2 ─── c
///     b ─┼─ node1┤
///     d ─┘    │  └─ node3 ─── e
///          outside
///
/// node1 is the scenario's own namespace, where ipvsync runs. The other nodes never send anything to the outside, as
/// if they answered clients on another way: what an outside client asks of c is answered only if node1 masquerades it.
final class Lab {
    let context: Context
    private let namespaces: [LabPlace: PrivateNamespace]
    private var servers: [LabServers] = []

    /// The port of every pod's server.
    static let port: UInt16 = 8080
    /// A pod's address is within these, whichever its node.
    static let clusterCIDRs = ["10.244.0.0/16", "fd00:10:244::/48"]

    /// - Parameter serving: The pods with servers.
    init(_ context: Context, serving: Set<LabPlace>) throws(ScenarioFailure) {
        self.context = context
        var namespaces: [LabPlace: PrivateNamespace] = [:]
        for place in LabPlace.allCases where place != .node1 { namespaces[place] = try PrivateNamespace() }
        self.namespaces = namespaces
        for place in LabPlace.allCases { try inside(place) { () throws(ScenarioFailure) in try Self.prepare() } }
        try LabWiring(lab: self).connect()
        for place in serving.sorted() { try serve(place) }
    }

    /// Starts a server of a pod, on its own addresses or on others that it has.
    ///
    /// - Parameter name: What it answers with; the pod's name unless told.
    func serve(
        _ place: LabPlace, on hosts: [String]? = nil, port: UInt16 = port, as name: String? = nil
    ) throws(ScenarioFailure) {
        let hosts = hosts ?? AddressFamily.allCases.map { place.address($0) }
        let addresses = try hosts.map { (host) throws(ScenarioFailure) in try SocketAddress(host, port: port) }
        servers.append(
            try inside(place) { () throws(ScenarioFailure) in
                try LabServers(name ?? place.rawValue, on: addresses)
            })
    }

    /// Starts the server that is to take the place of a pod's, on an address of its own.
    func serveSuccessor(of pod: LabPlace) throws(ScenarioFailure) {
        let node = try require(pod.node, "\(pod) is no pod")
        for family in AddressFamily.allCases {
            let address = "\(pod.successorAddress(family))/\(family.bitWidth)"
            try ip(pod, ["address add \(address) dev eth0"])
            try ip(node, ["route add \(address) dev pod-\(pod)"])
        }
        try serve(pod, on: AddressFamily.allCases.map(pod.successorAddress), as: Self.successorName(of: pod))
    }

    /// What the server in the place of a pod's answers with.
    static func successorName(of pod: LabPlace) -> String { "\(pod)2" }

    /// Begins continuous traffic from a place.
    func traffic(
        from place: LabPlace, _ sources: [String], to targets: [SocketAddress]
    ) throws(ScenarioFailure) -> Traffic {
        let namespace = try require(namespaces[place], "\(place) has no namespace of its own")
        return try Traffic(from: sources, to: targets, in: namespace)
    }

    /// Does something in a place.
    func inside<Value>(
        _ place: LabPlace, _ work: () throws(ScenarioFailure) -> Value
    ) throws(ScenarioFailure) -> Value {
        guard let namespace = namespaces[place] else { return try work() }
        return try namespace.inside(work)
    }

    /// A place's namespace; `nil` for the scenario's own.
    func namespace(_ place: LabPlace) -> PrivateNamespace? { namespaces[place] }

    /// What `ip link` takes for a place.
    func namespacePath(_ place: LabPlace) -> String { namespaces[place]?.path ?? "/proc/\(getpid())/ns/net" }

    /// Runs commands of `ip` in a place.
    func ip(_ place: LabPlace, _ commands: [String]) throws(ScenarioFailure) {
        _ = try inside(place) { () throws(ScenarioFailure) in
            try context.run(["ip", "-batch", "-"], input: commands.joined(separator: "\n"))
        }
    }

    /// Takes a pod's network away without a word to anybody, as a machine that fails does.
    func unplug(_ pod: LabPlace) throws(ScenarioFailure) {
        try ip(pod, ["link set eth0 down"])
    }

    /// Begins to ask.
    func call(_ question: LabQuestion, patience: Duration = LabCall.patience) throws(ScenarioFailure) -> LabCall {
        try inside(question.place) { () throws(ScenarioFailure) in try LabCall(question, patience: patience) }
    }

    /// Puts questions, some at a time, in the order given.
    func ask(_ questions: [LabQuestion]) throws(ScenarioFailure) -> [LabOutcome] {
        try LabCalls(in: self).ask(questions)
    }

    /// Puts one question several times, one after the other.
    func ask(_ question: LabQuestion, times: Int) throws(ScenarioFailure) -> [LabOutcome] {
        try (0..<times).map { (_) throws(ScenarioFailure) in try ask([question])[0] }
    }

    /// Has IPv6 addresses count at once, without asking for duplicates first, and no packet dropped for its source.
    private static func prepare() throws(ScenarioFailure) {
        for name in ["all", "default"] {
            try TrafficSite.set("ipv6/conf/\(name)/accept_dad", "0")
            try TrafficSite.set("ipv4/conf/\(name)/rp_filter", "0")
        }
    }
}
