internal import ArgumentParser
internal import Configuration
internal import Reconcile

/// How a run that stays works; what is said here goes before the configuration.
struct AgentOptions: ParsableArguments {
    /// Where metrics and health are served.
    enum Listening: Hashable, ExpressibleByArgument {
        case off
        case on(ListeningPlace)

        init?(argument: String) {
            if argument == "off" {
                self = .off
            } else if let place = ListeningPlace(argument) {
                self = .on(place)
            } else {
                return nil
            }
        }
    }

    enum LogFormat: String, CaseIterable, ExpressibleByArgument {
        case auto, text, json
    }

    enum LogLevel: String, CaseIterable, ExpressibleByArgument {
        case debug, info, warning, error
    }

    @Option(
        help: ArgumentHelp(
            "Seconds between two verifications of the whole table, which repair what others changed.",
            valueName: "seconds"))
    var syncInterval: Int?

    @Option(
        help: ArgumentHelp("What is done about the changes of others: repair, report or ignore.", valueName: "policy"))
    var drift: DriftPolicy?

    @Flag(inversion: .prefixedNo, help: "Remove what is ipvsync's own when it ends.")
    var cleanupOnExit: Bool?

    @Option(
        help: ArgumentHelp("Where metrics and health are served: 127.0.0.1:10249, or off.", valueName: "address:port"))
    var listen: Listening?

    @Option(help: "The form of the log on standard error: auto (text on a terminal, else json), text or json.")
    var logFormat: LogFormat?

    @Option(help: ArgumentHelp("What is logged at least: debug, info, warning or error.", valueName: "level"))
    var logLevel: LogLevel?

    @Flag(help: "Let the kernel write core dumps of it, which hold its token, and debuggers of its user look at it.")
    var coreDumps = false

    func validate() throws {
        guard (1...86_400).contains(syncInterval ?? 1) else {
            throw ValidationError("--sync-interval takes seconds from 1 to 86400")
        }
    }
}

extension DriftPolicy: ExpressibleByArgument {}
