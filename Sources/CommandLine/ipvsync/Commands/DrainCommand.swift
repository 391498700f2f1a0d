internal import Agent
internal import ArgumentParser
internal import HealthChecks
internal import LoadBalancing
internal import Presentation
internal import Telemetry

/// `drain`, and the list of what stands by hand.
struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Have the agent drain a real server by hand: no new connections.",
        discussion: """
            Established connections go on as with every drain: until they end, or until the
            drain timeout is over. Without a port, all ports of the address are meant; so
            are virtual servers that are declared later, unless one is named.

            It holds until 'ipvsync enable', until its time is over, or until no virtual
            server has the real server any more. A restart of the agent does not end it, a
            restart of the machine does. It goes before what is declared and what checks
            say, and of two orders the later one counts.

            EXAMPLES:
              ipvsync drain 198.51.100.1 --for 2h
              ipvsync drain 198.51.100.1:8080 --virtual-server web
              ipvsync drain '[2001:db8::1]:80' --virtual-server '[2001:db8::8]:80/tcp'
              ipvsync drain --list

            \(OverrideOptions.commonHelp)
            """)

    @Argument(help: "The real server: 198.51.100.1, 198.51.100.1:80 or '[2001:db8::1]:80'.")
    var realServer: RealServerText?

    @Flag(help: "Show all orders by hand that stand, weights among them.")
    var list = false

    @OptionGroup var length: OverrideLength
    @OptionGroup var order: OverrideOptions

    func validate() throws {
        guard list || realServer != nil else { throw ValidationError("name a real server, or --list") }
        guard !list || realServer == nil else { throw ValidationError("choose one of a real server and --list") }
    }

    func run() throws {
        guard let realServer else { return try order.list() }
        try order.give(.put(.drain), realServer, length)
    }
}

/// `weight`.
struct WeightCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weight",
        abstract: "Have the agent give a real server another weight by hand.",
        discussion: """
            The weight counts in the place of the declared one, and of one that a check
            asks for. A real server that is down stays down, and one that is declared with
            weight 0 has none. 0 keeps the real server in the table without new
            connections. It ends as a drain by hand does: see 'ipvsync drain --help'.

            EXAMPLES:
              ipvsync weight 198.51.100.1:8080 1 --for 30m
              ipvsync weight 198.51.100.1 200 --virtual-server 'tcp 192.0.2.1:80'
              ipvsync enable 198.51.100.1

            \(OverrideOptions.commonHelp)
            """)

    @Argument(help: "The real server: 198.51.100.1, 198.51.100.1:80 or '[2001:db8::1]:80'.")
    var realServer: RealServerText

    @Argument(help: "The weight, 0 to 2147483647.")
    var weight: UInt32

    @OptionGroup var length: OverrideLength
    @OptionGroup var order: OverrideOptions

    func validate() throws {
        guard weight <= RealServer.maximumWeight else {
            throw ValidationError("a weight is at most \(RealServer.maximumWeight)")
        }
    }

    func run() throws { try order.give(.put(.weight(weight)), realServer, length) }
}

/// `enable`.
struct EnableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "End drains and weights by hand of a real server.",
        discussion: """
            Ends all orders by hand for the address, or for the port of it that is named,
            or those for one virtual server alone. What is declared and what checks say
            counts again.

            EXAMPLES:
              ipvsync enable 198.51.100.1
              ipvsync enable 198.51.100.1:8080 --virtual-server web

            \(OverrideOptions.commonHelp)
            """)

    @Argument(help: "The real server: 198.51.100.1, 198.51.100.1:80 or '[2001:db8::1]:80'.")
    var realServer: RealServerText

    @OptionGroup var order: OverrideOptions

    func run() throws { try order.give(.enable, realServer, nil) }
}

/// How long an order holds, and how far it goes.
struct OverrideLength: ParsableArguments {
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("End it after that time, such as 90s, 30m or 2h.", valueName: "time"),
        transform: Self.length)
    var length: Duration?

    @Flag(help: "Even if a virtual server is left without any real server that serves.")
    var force = false

    private static func length(_ text: String) throws -> Duration {
        guard let seconds = DurationText.seconds(text), seconds > 0, .seconds(Int(seconds)) <= OverrideOrder.longest
        else { throw ValidationError("--for takes a time such as 90s, 30m, 2h or 7d, at most 365d") }
        return .seconds(Int(seconds))
    }
}

/// What orders by hand have in common.
struct OverrideOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only in this virtual server: its name, '192.0.2.1:80/tcp', 'fwmark 7'.", valueName: "name"))
    var virtualServer: String?

    @OptionGroup var state: StateOptions
    @OptionGroup var output: OutputOptions

    /// The sections that end the help of each command.
    static let commonHelp = [
        HelpFile.help(.socket, .overrides), sample,
        ExitStatus.help(
            [.failed, .notPermitted],
            [
                .failed: "no such real server, refused, or no agent runs here",
                .notPermitted: "only root and the agent's own user may do it",
            ]),
    ].joined(separator: "\n\n")

    private static let sample = HelpText.sample(
        """
        {"count": 1, "overrides": [{"kind": "drain", "realServer": "198.51.100.1",
          "virtualServer": null, "since": "2026-01-31T09:00:00.000Z", …}],
         "realServers": [{"realServer": "198.51.100.1:80",
          "virtualServer": "tcp 192.0.2.1:80", "name": "web"}], …}
        """)

    func give(_ action: OverrideOrder.Action, _ realServer: RealServerText, _ length: OverrideLength?) throws {
        try Failures.endWithStatus {
            let order = OverrideOrder(
                action, address: realServer.address, port: realServer.port, virtualServer: virtualServer,
                length: length?.length, isForced: length?.force ?? false)
            let view = OverrideView(try AgentClient(try state.store()).give(order))
            output.print(view)
            if let problem = view.problem {
                StandardStreams.complain("it holds, but not over a restart of the agent: \(problem)")
                throw ExitStatus.failed.code
            }
        }
    }

    func list() throws {
        try Failures.endWithStatus {
            let status = AgentStatus(try AgentClient(try state.store()).answer())
            output.print(OverrideListView(status, now: WallTime.now.seconds))
        }
    }
}

extension RealServerText: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
