internal import Agent
internal import Documents
internal import HTTPService
internal import Presentation

/// Asks the agent of this network namespace how it is.
struct AgentClient {
    private let socket: String

    init(_ store: LedgerStore) { socket = store.socketPath }

    /// What it answers.
    ///
    /// - Parameter number: Only changes after this one.
    func answer(
        changesAfter number: UInt64 = 0, timeout: Duration = .seconds(5)
    ) throws(AgentProblem) -> Document {
        let answer: (status: Int, body: [UInt8])
        do throws(HTTPServiceError) {
            answer = try LocalClient.get(socket: socket, "/status?after=\(number)", timeout: timeout)
        } catch {
            throw AgentProblem(error)
        }
        guard answer.status == 200 else {
            throw AgentProblem(.failed, "the agent at \(socket) answers with status \(answer.status)")
        }
        do throws(YAMLError) {
            return try Document(json: answer.body)
        } catch {
            throw AgentProblem(.failed, "the answer of the agent at \(socket) makes no sense: \(error)")
        }
    }
}

/// Why an agent has not answered.
struct AgentProblem: Error, Hashable, CustomStringConvertible {
    /// The exit status of a command that needs an answer.
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }

    init(_ error: HTTPServiceError) {
        switch error.kind {
        case .absent, .refused:
            self.init(
                .failed,
                "no agent runs in this network namespace: start one with 'ipvsync', or name its --state-dir")
        case .forbidden: self.init(.notPermitted, error.description)
        default: self.init(.failed, "the agent does not answer: \(error)")
        }
    }
}
