internal import Agent
internal import ArgumentParser
internal import Configuration
internal import Glibc
internal import IPVS
internal import KubernetesAPI
internal import Netlink

/// Turns errors into a message and an exit status, in one place for all commands.
enum Failures {
    /// Runs a command's work; what goes wrong is said on standard error, and the status tells its kind.
    static func endWithStatus<Value: ~Copyable>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let errors as ConfigurationErrors {
            for line in errors.description.split(separator: "\n") { StandardStreams.complain(String(line)) }
            throw ExitStatus.invalidConfiguration.code
        } catch let problem as FeedProblem {
            StandardStreams.complain("API server: \(problem)")
            throw ExitStatus.failed.code
        } catch let problem as AgentProblem {
            StandardStreams.complain(problem.description)
            throw problem.status.code
        } catch let error as TakeoverError {
            StandardStreams.complain(error.description)
            throw ExitStatus.failed.code
        } catch let error as NetlinkError {
            throw end(error)
        } catch let error as SyncError {
            switch error {
            case .kernel(let error): throw end(error)
            case .state(let error): throw end(error)
            }
        } catch let error as StateError {
            throw end(error)
        }
    }

    private static func end(_ error: NetlinkError) -> ExitCode {
        StandardStreams.complain(ErrorText.describe(error))
        let status: ExitStatus =
            switch error.kind {
            case .familyMissing: .noIPVS
            case .refused(EPERM), .system(EPERM): .notPermitted
            default: .failed
            }
        return status.code
    }

    private static func end(_ error: StateError) -> ExitCode {
        StandardStreams.complain(error.description)
        switch error.kind {
        case .unreadable(EACCES), .unwritable(EACCES), .untrusted: return ExitStatus.notPermitted.code
        default: return ExitStatus.failed.code
        }
    }
}

/// What the program's exit status says; the help texts and the reference are made of it.
enum ExitStatus: Int32, CaseIterable {
    /// Done, or nothing to do.
    case success = 0
    /// The kernel refused something, or a file could not be read or written.
    case failed = 1
    /// `plan` found changes.
    case changesPending = 2
    /// The configuration is invalid; nothing was changed.
    case invalidConfiguration = 3
    /// `CAP_NET_ADMIN` is missing, or the files with our state may not be used; nothing was changed.
    case notPermitted = 4
    /// The kernel has no IPVS; nothing was changed.
    case noIPVS = 5
    /// Everything else was done, but so many removals were wanted that they were held back.
    case removalsHeld = 6

    /// The error that ends a command with this status and no further message.
    var code: ExitCode { ExitCode(rawValue) }

    /// The section of a command's help, with its own word for some of them.
    static func help(_ statuses: [Self], _ own: [Self: String] = [:]) -> String {
        HelpText.list(
            "EXIT STATUS", width: 4,
            ([.success] + statuses).map { ("\($0.rawValue)", own[$0] ?? $0.meaning) } + [("64", "wrong usage")])
    }

    /// The section of the program's own help: all of them.
    static let help = help(Array(allCases.dropFirst()))

    private var meaning: String {
        switch self {
        case .success: "done, or nothing to do"
        case .failed: "the kernel refused something, or a file could not be read or written"
        case .changesPending: "plan: there are changes to make"
        case .invalidConfiguration: "the configuration is invalid; nothing was changed"
        case .notPermitted: "CAP_NET_ADMIN is missing, or --state-dir is not trusted; nothing changed"
        case .noIPVS: "the kernel has no IPVS; nothing was changed"
        case .removalsHeld: "removals were held back, for they look like a mistake; the rest is done"
        }
    }
}

extension IPVSClient {
    /// The kernel's tables, once the kernel has let us ask something: who may not is told so before anything else.
    static func opened() throws -> IPVSClient {
        let client = try IPVSClient()
        _ = try client.information()
        return client
    }
}

extension NodeSynchronizer {
    /// The node of this process's network namespace.
    init(_ configuration: Configuration, _ sync: SyncOptions, _ state: NodeStateOptions) throws {
        let store = try state.store()
        let synchronizer = Synchronizer(
            table: try IPVSClient.opened(), store: store, policy: sync.policy(configuration))
        synchronizer.shelter = state.shelter
        self.init(synchronizer, try state.keeper())
    }
}
