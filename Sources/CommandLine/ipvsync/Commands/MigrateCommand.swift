internal import ArgumentParser
internal import Configuration

struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Turn another program's configuration into ipvsync's.",
        discussion: """
            Prints the configuration on standard output, and what does not carry over on
            standard error. Nothing is changed.

            EXAMPLES:
              ipvsync migrate keepalived /etc/keepalived/keepalived.conf >ipvsync.yaml
              ipvsync migrate ldirectord /etc/ha.d/ldirectord.cf >ipvsync.yaml
              ipvsync migrate kube-proxy /var/lib/kube-proxy/config.conf >ipvsync.yaml

            \(exitHelp)
            """,
        subcommands: [KubeProxyCommand.self, KeepalivedCommand.self, LdirectordCommand.self])

    static let exitHelp = ExitStatus.help(
        [.invalidConfiguration], [.invalidConfiguration: "a file is invalid or cannot be read; nothing is printed"])
}

struct KubeProxyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kube-proxy",
        abstract: "Turn a KubeProxyConfiguration into ipvsync's configuration.",
        discussion: """
            Prints the configuration on standard output, and on standard error what does
            not carry over, by line. The next step is 'ipvsync takeover --dry-run', and
            then without it, on each node on which kube-proxy has been stopped: it serves
            what kube-proxy served, and removes what that left.

            EXAMPLES:
              ipvsync migrate kube-proxy /var/lib/kube-proxy/config.conf >ipvsync.yaml
              kubectl -n kube-system get configmap kube-proxy \\
                  -o jsonpath='{.data.config\\.conf}' \\
                  | ipvsync migrate kube-proxy -

            \(MigrateCommand.exitHelp)
            """)

    @Argument(help: ArgumentHelp("The file, or - for standard input.", valueName: "file"), completion: .file())
    var path: String

    /// What a file cannot tell: the addresses are in the Services.
    static let addressRule =
        "kube-proxy serves every external IP and load balancer address of Services; ipvsync refuses those of nodes, of "
        + "the API server, of gateways, inside the networks of cluster IPs and pods, and special ones. See "
        + "services.externalIPs, loadBalancerIPs and nodeAddresses; 'ipvsync takeover --dry-run' names each one"

    func run() throws {
        try Failures.endWithStatus {
            for source in try SourceFile.sources(at: path) {
                let migrated = try KubeProxyConfiguration(source.contents(), file: source.name)
                migrated.notes.forEach { StandardStreams.complain($0.description) }
                StandardStreams.complain(Self.addressRule)
                StandardStreams.write(migrated.configuration.yaml())
            }
        }
    }
}
