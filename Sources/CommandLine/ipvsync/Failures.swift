internal import Agent
internal import ArgumentParser
internal import Configuration
internal import Glibc
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
