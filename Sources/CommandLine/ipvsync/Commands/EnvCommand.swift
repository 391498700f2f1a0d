internal import ArgumentParser
internal import Documents
internal import KubernetesObjects
internal import Presentation
internal import ServiceDiscovery
internal import ServiceTranslation

struct EnvCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print the Service environment variables that a Pod in a namespace would get.",
        discussion: """
            One NAME=value a line, as a kubelet sets them: {SERVICE}_SERVICE_HOST and
            _PORT, and the Docker links set. A name that Kubernetes would not take is left
            out, with a warning.

            EXAMPLES:
              kubectl get services -A -o json | ipvsync env -n shop --manifests -
              ipvsync env --manifests dump.yaml --output json

            \(HelpFile.help(.token))

            \(sample)

            \(ClusterOptions.exitHelp)
            """)

    private static let sample = HelpText.sample(
        """
        {"WEB_SERVICE_HOST": "10.96.0.80", "WEB_SERVICE_PORT": "80", …}
        """)

    @Option(name: .shortAndLong, help: "The Pod's namespace.")
    var namespace = "default"

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try cluster.requireObjects() }

    func run() throws {
        try Failures.endWithStatus {
            let index = try cluster.index()
            let environment = ServiceEnvironment(namespace: namespace, in: index.cluster)
            output.print(EnvironmentView(environment))
            StandardStreams.complain(environment.warnings)
        }
    }
}

/// The variables as lines that `env` and `docker --env-file` take, or as one mapping.
private struct EnvironmentView: Presentable {
    private let environment: ServiceEnvironment

    init(_ environment: ServiceEnvironment) { self.environment = environment }

    var lines: [Line] { environment.variables.map { "\($0.name)=\($0.value)" } }

    var document: Document {
        .mapping(environment.variables.map { Document.Member($0.name, .string($0.value)) })
    }
}
