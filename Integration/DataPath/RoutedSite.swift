import Glibc
import LoadBalancing

/// An edge whose router learns the Service's addresses by BGP: BIRD on both, with the director's deployed configuration.
final class RoutedSite {
    let site: EdgeSite
    let director: EdgeSite.Director
    private let context: Context
    private let folder: String
    private var daemons: [RunningCommand] = []
    private(set) var announcer: RunningCommand?

    /// Where the director's BIRD takes orders.
    private var socket: String { "\(context.directory)/director.ctl" }

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        folder = try require(
            Environment.variable("IPVSYNC_BIRD"), "IPVSYNC_BIRD names no folder of bird: see scripts/dependencies")
        site = try EdgeSite(context)
        director = try require(site.all.first, "no director")
        try startDirector()
        daemons.append(try start(Self.router, "router"))
    }

    /// Starts what announces addresses while the agent is ready.
    func startAnnouncer() throws(ScenarioFailure) {
        let (folder, socket) = (folder, socket)
        announcer = try director.namespace.inside { () throws(ScenarioFailure) in
            try Command([
                "scripts/deploy/announce", "--hold", "2", "--", "\(folder)/birdc", "-s", socket,
            ]).start()
        }
    }

    /// The routes of the router to addresses of the family that it has learned.
    func routes(_ family: AddressFamily) throws(ScenarioFailure) -> [String] {
        try context.run(["ip", family == .ipv4 ? "-4" : "-6", "route", "show", "proto", "bird"]).outputLines
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    /// Waits until the router has, or has not, routes to the Service.
    func eventually(_ areThere: Bool, _ when: String) throws(ScenarioFailure) {
        try context.eventually(
            "routes \(areThere ? "there" : "gone") \(when)\n\(director.agent?.error ?? "")"
                + "\n\(announcer?.output ?? "")\(announcer?.error ?? "")\n\(daemons.map(\.error).joined())"
        ) { () throws(ScenarioFailure) in
            for family in AddressFamily.allCases {
                guard try routes(family) == (areThere ? [EdgeSite.address(family)] : []) else { return false }
            }
            return true
        }
    }

    /// The deployed configuration with this network's addresses in its definitions.
    private func startDirector() throws(ScenarioFailure) {
        let text = try context.run(["cat", "scripts/deploy/bird.conf"]).output
        let values = [
            "ROUTER_ID": director.address(.ipv4), "UPLINK4": "10.77.0.254", "UPLINK6": "fd77::fe",
        ]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let words = line.split(separator: " ")
            guard words.first == "define", words.count > 1, let value = values[String(words[1])] else {
                return String(line)
            }
            return "define \(words[1]) = \(value);"
        }
        let configuration = lines.joined(separator: "\n")
        daemons.append(
            try director.namespace.inside { () throws(ScenarioFailure) in try start(configuration, "director") })
    }

    private func start(_ configuration: String, _ name: String) throws(ScenarioFailure) -> RunningCommand {
        let path = try context.write(configuration, to: "\(name).bird")
        return try Command([
            "\(folder)/bird", "-f", "-c", path, "-s", "\(context.directory)/\(name).ctl", "-P",
            "\(context.directory)/\(name).pid",
        ]).start()
    }

    private static let router = """
        router id 10.77.0.254;
        log stderr all;
        protocol device {
        }
        protocol kernel {
          ipv4 { import none; export all; };
        }
        protocol kernel {
          ipv6 { import none; export all; };
        }
        protocol bgp director4 {
          local as 65000;
          neighbor 10.77.0.1 as 65001;
          hold time 3;
          ipv4 { import all; export none; };
        }
        protocol bgp director6 {
          local as 65000;
          neighbor fd77::1 as 65001;
          hold time 3;
          ipv6 { import all; export none; };
        }

        """
}
