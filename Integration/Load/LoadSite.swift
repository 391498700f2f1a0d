import Documents
import Glibc

/// A node with an agent, hostile clients on one network of it, and honest ones on another and on the node itself.
final class LoadSite {
    /// The node's address to hostile clients, and theirs.
    static let attacked = "198.51.100.1"
    static let attackedV6 = "2001:db8:1::1"
    static let attackers = (2...9).map { "198.51.100.\($0)" } + ["2001:db8:1::2", "2001:db8:1::3"]
    /// The node's address to honest clients, and theirs.
    static let asked = "203.0.113.1"
    static let honest = "203.0.113.2"
    /// Where a server is that nobody attacks: how long it takes to answer is the machine's doing.
    static let control = "203.0.113.1:9999"

    let context: Context
    private let outside: PrivateNamespace
    private let beside: PrivateNamespace
    private let script: String
    /// The program itself: what chooses one of several versions would take its time under load.
    private let python: String

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        script = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/clients.py"
        python = try require(
            try context.run(["python3", "-c", "import sys; print(sys.executable)"]).outputLines.first, "no python3")
        (outside, beside) = (try PrivateNamespace(), try PrivateNamespace())
        try TrafficSite.set("ipv6/conf/default/accept_dad", "0")
        try connect(
            outside, "out", ["\(Self.attacked)/24", "\(Self.attackedV6)/64"],
            Self.attackers.map { $0.contains(":") ? "\($0)/64" : "\($0)/24" })
        try connect(beside, "side", ["\(Self.asked)/24"], ["\(Self.honest)/24"])
    }

    private func connect(
        _ namespace: PrivateNamespace, _ device: String, _ here: [String], _ there: [String]
    ) throws(ScenarioFailure) {
        try ip(["link add \(device) type veth peer name eth0 netns \(namespace.path)", "link set \(device) up"])
        try ip(here.map { "address add \($0) dev \(device)" })
        try namespace.inside { () throws(ScenarioFailure) in
            try TrafficSite.set("ipv6/conf/eth0/accept_dad", "0")
            try ip(["link set lo up", "link set eth0 up"] + there.map { "address add \($0) dev eth0" })
        }
    }

    private func ip(_ commands: [String]) throws(ScenarioFailure) {
        try context.run(["ip", "-batch", "-"], input: commands.joined(separator: "\n"))
    }

    /// Starts hostile clients. They stand for other machines: they have the processor when nobody else wants it.
    func attack(_ kind: String, _ targets: [String]) throws(ScenarioFailure) -> RunningCommand {
        try outside.inside { () throws(ScenarioFailure) in
            try client(kind, targets, from: Self.attackers, niceness: 19)
        }
    }

    /// Starts clients on the node itself.
    func clients(_ kind: String, _ targets: [String], niceness: Int = 0) throws(ScenarioFailure) -> RunningCommand {
        try client(kind, targets, from: ["any"], niceness: niceness)
    }

    /// Starts honest clients on their own network.
    func ask(_ targets: [String]) throws(ScenarioFailure) -> RunningCommand {
        try beside.inside { () throws(ScenarioFailure) in try client("ask", targets, from: [Self.honest], niceness: 0) }
    }

    private func client(_ kind: String, _ targets: [String], from sources: [String], niceness: Int)
        throws(ScenarioFailure)
        -> RunningCommand
    {
        let command = try Command([
            "nice", "-n", "\(niceness)", python, script, kind, targets.joined(separator: ","),
            sources.joined(separator: ","),
        ]).start()
        try command.waitForText("begun", timeLimit: .seconds(60))
        return command
    }

    /// What clients did, of what they print.
    static func counts(_ text: String, _ context: Context) throws(ScenarioFailure) -> YAMLNode {
        try context.parse(String(text.split(separator: "\n").last ?? ""))
    }

    /// Services of type LoadBalancer with a health check port each, from this one on, and an endpoint on this node.
    static func manifest(_ services: Int, namespace: String = "tenant", firstPort: Int, network: Int) -> String {
        (0..<services).map { number in
            let address = "10.\(network).\(number / 250).\(number % 250 + 1)"
            return """
                ---
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"s\(number)","namespace":"\(namespace)"},\
                "spec":{"type":"LoadBalancer","externalTrafficPolicy":"Local","healthCheckNodePort":\(firstPort + number),\
                "clusterIP":"\(address)","clusterIPs":["\(address)"],"ports":[{"port":80,"protocol":"TCP"}]}}
                ---
                {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"s\(number)-1",\
                "namespace":"\(namespace)","labels":{"kubernetes.io/service-name":"s\(number)"}},"addressType":"IPv4",\
                "ports":[{"port":80}],"endpoints":[{"addresses":["10.244.1.1"],"nodeName":"n1"}]}

                """
        }.joined()
    }
}

/// What honest clients saw.
struct LoadFigures: CustomStringConvertible {
    struct Line {
        let target: String
        let asked: Int
        let answered: Int
        /// In seconds.
        let longest: Double
        let failures: [String]
    }

    let lines: [Line]

    /// - Parameter text: What they print at their end.
    init(_ text: String, _ context: Context) throws(ScenarioFailure) {
        let figures = try require(try LoadSite.counts(text, context)["figures"]?.mapping, "no figures in \(text)")
        lines = figures.map { entry in
            Line(
                target: entry.key.scalar?.text ?? "", asked: entry.value.number("asked"),
                answered: entry.value.number("answered"),
                longest: entry.value["longest"]?.scalar.flatMap { Double($0.text) } ?? .infinity,
                failures: entry.value["failures"]?.sequence?.compactMap { $0.scalar?.text } ?? [])
        }
    }

    var description: String {
        lines.map { line in
            "\(line.target): \(line.answered) of \(line.asked) answered, longest "
                + "\(Int(line.longest * 1000)) ms \(line.failures.joined(separator: "; "))"
        }.joined(separator: "\n")
    }
}
