internal import Agent
internal import ArgumentParser
internal import Configuration
internal import KubernetesObjects
internal import LoadBalancing
internal import Presentation
internal import ServiceTranslation
internal import Telemetry

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a virtual server, or a Service, is as it is on this node.",
        discussion: """
            Of a virtual server that files declare: its place in them, and each real
            server's weight beside the declared one, with the checks, orders by hand and
            drains that make the difference, as the running agent knows them. It is named
            as in the files, or as 'ipvsync show' does.

            Of a Kubernetes Service, where objects are named: each virtual server with the
            field that asks for it, and each endpoint with the rule by which it is used or
            left out; then conflicts with other Services and annotations that were refused.
            Needs no rights.

            EXAMPLES:
              ipvsync explain web
              ipvsync explain 'tcp 192.0.2.1:80' --config web.yaml
              kubectl get svc,endpointslices,nodes -A -o json \\
                  | ipvsync explain -n shop web --manifests - --node n1
              ipvsync explain web --manifests dump.yaml --node n1 --output json
              ipvsync explain web --kubeconfig ~/.kube/config --config /etc/ipvsync

            \(HelpFile.help(.configuration, .socket, .token))

            \(sample)

            \(ExitStatus.help([.failed, .invalidConfiguration], exits))
            """)

    private static let sample = HelpText.sample(
        """
        {"service": "shop/web", "node": "n1",
         "virtualServers": [{"virtualServer": "tcp 10.96.0.80:80",
           "role": "cluster IP", "scheduler": "rr",
           "endpoints": [{"endpoint": "10.244.1.8:8080", "chosen": true,
            "reason": "ready", "source": "EndpointSlice shop/web-ipv4"}]}, …],
         "conflicts": [], "warnings": []}
        """)

    private static let exits: [ExitStatus: String] = [
        .failed: "there is no such thing, or the API server refused",
        .invalidConfiguration: "configuration, manifests or kubeconfig are invalid",
    ]

    @Argument(
        help: ArgumentHelp(
            "The Service's name; without objects, a virtual server: its name, 'tcp 10.0.0.1:80', 'fwmark 7'.",
            valueName: "name"))
    var subject: String

    @Option(name: .shortAndLong, help: "The Service's namespace.")
    var namespace = "default"

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A YAML file, or a directory of them, whose services:, network: and virtual servers hold; may be repeated.",
            discussion: "Without it, \(ConfigurationOptions.standardPath) is read, or nothing where objects are named.",
            valueName: "path"),
        completion: .file())
    var config: [String] = []

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try Failures.endWithStatus {
            if cluster.isNamed { try explainService() } else { try explainDeclared() }
        }
    }

    private func explainService() throws {
        let configuration = config.isEmpty ? nil : try Configuration.load(paths: config)
        let index = try cluster.index(
            isOffline: cluster.node != nil, explains: true, settings: configuration?.settings ?? Settings())
        let name = ObjectName(namespace: namespace, name: subject)
        guard let service = index[name] else {
            let elsewhere = index.services.map(\.name).filter { $0.name == name.name }.map(\.namespace)
            let remedy =
                elsewhere.isEmpty
                ? "; look at its name and at -n" : "; there is one in \(elsewhere.joined(separator: ", ")): use -n"
            StandardStreams.complain("there is no Service \(name)\(remedy)")
            throw ExitStatus.failed.code
        }
        output.print(
            ExplanationView(
                service, conflicts: index.conflicts,
                declared: configuration?.places.mapValues(\.description) ?? [:],
                nodeWarnings: index.warnings(ofNode: cluster.nodeName), node: cluster.nodeName))
    }

    private func explainDeclared() throws {
        let paths = config.isEmpty ? [ConfigurationOptions.standardPath] : config
        let configuration = try Configuration.load(paths: paths)
        let key = VirtualServerKey(subject)
        let servers = configuration.desired.virtualServers.filter { $0.key == key || $0.name == subject }
        guard !servers.isEmpty else {
            let names = configuration.desired.virtualServers.prefix(10).map { $0.name ?? $0.key.description }
            StandardStreams.complain(
                "no file declares a virtual server \(subject): "
                    + (names.isEmpty ? "there is none" : "there are \(names.joined(separator: ", "))")
                    + "; for a Kubernetes Service, add --manifests, --kubeconfig or --in-cluster")
            throw ExitStatus.failed.code
        }
        let (status, problem) = try askAgent()
        output.print(
            DeclaredServerView(
                servers.map { ($0, configuration.places[$0.key]?.description ?? "the configuration") },
                status: status, problem: problem, now: WallTime.now.seconds))
    }

    /// What an agent says, or why there is none to ask.
    private func askAgent() throws -> (AgentStatus?, String) {
        do {
            return (AgentStatus(try AgentClient(try state.store()).answer()), "")
        } catch let problem as AgentProblem {
            return (nil, problem.description)
        } catch let problem as StateError {
            return (nil, problem.description)
        }
    }
}
