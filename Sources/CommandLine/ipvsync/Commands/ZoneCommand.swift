internal import ArgumentParser
internal import Glibc
internal import ServiceDiscovery
internal import ServiceTranslation

struct ZoneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zone",
        abstract: "Print the names of all Services as a zone file for a DNS server.",
        discussion: """
            A and AAAA, SRV for named ports, CNAME for ExternalName, by the Kubernetes DNS
            specification 1.1; headless Services answer with their ready endpoints. Any
            server that reads RFC 1035 zones can serve it. A name that Kubernetes would not
            take is left out, with a warning.

            EXAMPLES:
              kubectl get svc,endpointslices -A -o json \\
                  | ipvsync zone --manifests - >cluster.local.zone
              ipvsync zone --manifests dump.yaml --reverse 96.10.in-addr.arpa >96.10.zone

            \(HelpFile.help(.token))

            \(ClusterOptions.exitHelp)
            """)

    @Option(help: ArgumentHelp("The cluster's domain.", valueName: "name"))
    var domain = "cluster.local"

    @Option(
        help: ArgumentHelp("Print the PTR records below this reverse name instead.", valueName: "name"))
    var reverse: String?

    @Option(help: ArgumentHelp("The server that the zone's NS record names.", valueName: "name"))
    var nameServer = "localhost."

    @Option(help: ArgumentHelp("The zone's serial number; the present time unless told.", valueName: "number"))
    var serial: UInt32?

    @Option(help: ArgumentHelp("How long an answer may be kept.", valueName: "seconds"))
    var ttl: UInt32 = 5

    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        try cluster.requireObjects()
        for name in [domain, nameServer] + [reverse].compactMap(\.self) {
            let isName = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"();$@\\".utf8.contains($0) }
            guard isName, !name.isEmpty, name.utf8.count <= 253 else {
                throw ValidationError("\"\(name)\" is no domain name")
            }
        }
    }

    func run() throws {
        try Failures.endWithStatus {
            let state = try cluster.index().cluster
            let authority = ServiceZone.Authority(
                origin: (reverse ?? domain).withoutFinalDot, nameServer: "\(nameServer.withoutFinalDot).",
                serial: serial ?? UInt32(truncatingIfNeeded: time(nil)), timeToLive: ttl)
            let zone =
                reverse == nil
                ? ServiceZone(state, authority)
                : ServiceZone(reverse: state, domain: domain.withoutFinalDot, authority)
            StandardStreams.complain(zone.warnings)
            StandardStreams.write(zone.lines.joined(separator: "\n") + "\n")
        }
    }
}

extension String {
    fileprivate var withoutFinalDot: String { hasSuffix(".") ? String(dropLast()) : self }
}
