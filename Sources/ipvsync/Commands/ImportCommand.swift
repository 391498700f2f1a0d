internal import ArgumentParser
internal import Configuration
internal import IPVS
internal import LoadBalancing

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Print the kernel's table, or an ipvsadm dump, as configuration.",
        discussion: """
            Nothing is lost on the way: 'plan' with the result finds nothing to do. Foreign
            virtual servers are printed too, and become ipvsync's own once they are
            declared.

            EXAMPLES:
              ipvsync import >/etc/ipvsync/current.yaml
              ipvsadm -Sn | ipvsync import --from - >web.yaml
              ipvsync import --from /etc/ipvsadm.rules >web.yaml
            """)

    @Option(
        help: ArgumentHelp(
            "A file that 'ipvsadm -Sn' wrote, or - for standard input, instead of the kernel.", valueName: "path"),
        completion: .file())
    var from: String?

    func run() throws {
        try Failures.endWithStatus {
            let state = try from.map { try IpvsadmRules.load($0) } ?? DesiredState(IPVSClient().state())
            StandardStreams.write(Configuration(desired: state).yaml())
        }
    }
}
