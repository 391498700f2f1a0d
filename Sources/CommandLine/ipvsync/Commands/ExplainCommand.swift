internal import ArgumentParser
internal import Configuration
internal import KubernetesObjects
internal import Presentation
internal import ServiceTranslation

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what a Kubernetes Service becomes on this node, and why.",
        discussion: """
            Lists each virtual server with the field that asks for it, and each endpoint
            with the rule by which it is used or left out; then conflicts with other
            Services and annotations that were refused. Needs no rights.

            EXAMPLES:
              kubectl get svc,endpointslices,nodes -A -o json \\
                  | ipvsync explain -n shop web --manifests - --node n1
              ipvsync explain web --manifests dump.yaml --node n1 --output json
              ipvsync explain web --kubeconfig ~/.kube/config --config /etc/ipvsync

            \(ExitStatus.help)
            """)

    @Argument(help: "The Service's name.")
    var service: String

    @Option(name: .shortAndLong, help: "The Service's namespace.")
    var namespace = "default"

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A YAML file, or a directory of them, whose services:, network: and virtual servers hold; may be repeated.",
            discussion: "Without it, no configuration is read.", valueName: "path"),
        completion: .file())
    var config: [String] = []

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try cluster.requireObjects() }

    func run() throws {
        try Failures.endWithStatus {
            let configuration = config.isEmpty ? nil : try Configuration.load(paths: config)
            let index = try cluster.index(
                isOffline: cluster.node != nil, explains: true, settings: configuration?.settings ?? Settings())
            let name = ObjectName(namespace: namespace, name: service)
            guard let service = index[name] else {
                let elsewhere = index.services.map(\.name).filter { $0.name == name.name }.map(\.namespace)
                let remedy = elsewhere.isEmpty ? "" : "; there is one in \(elsewhere.joined(separator: ", ")): use -n"
                StandardStreams.complain("there is no Service \(name)\(remedy)")
                throw ExitStatus.failed.code
            }
            output.print(
                ExplanationView(
                    service, conflicts: index.conflicts,
                    declared: configuration?.places.mapValues(\.description) ?? [:],
                    nodeWarnings: index.warnings(ofNode: cluster.nodeName), node: cluster.nodeName))
        }
    }
}
