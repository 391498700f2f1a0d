internal import Agent
internal import Documents
internal import HTTPService
internal import Presentation
internal import Telemetry

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
        let answer = try ask("/status?after=\(number)", timeout: timeout)
        guard answer.status == 200 else {
            throw AgentProblem(.failed, "the agent at \(socket) answers with status \(answer.status): look at its log")
        }
        return try document(answer.body)
    }

    /// Gives an order by hand.
    ///
    /// - Returns: What was done.
    func give(_ order: OverrideOrder, timeout: Duration = .seconds(15)) throws(AgentProblem) -> Document {
        let target = "\(OverrideResponder.path)?\(OverrideQuery.text(of: order))"
        let answer = try ask(target, method: .post, timeout: timeout)
        // An agent of a version without it.
        guard answer.status != 405 else {
            throw AgentProblem(
                .failed, "the agent at \(socket) is older, and takes no orders: restart it")
        }
        let document = try document(answer.body)
        guard answer.status == 200 else {
            let reason = document["error"]?.string ?? "it answers with status \(answer.status)"
            throw AgentProblem(answer.status == 403 ? .notPermitted : .failed, reason)
        }
        return document
    }

    private func ask(
        _ target: String, method: HTTPRequest.Method = .get, timeout: Duration
    ) throws(AgentProblem) -> (status: Int, body: [UInt8]) {
        do throws(HTTPServiceError) {
            return try LocalClient.ask(socket: socket, target, method: method, timeout: timeout)
        } catch {
            throw AgentProblem(error)
        }
    }

    private func document(_ body: [UInt8]) throws(AgentProblem) -> Document {
        do throws(YAMLError) {
            return try Document(json: body)
        } catch {
            throw AgentProblem(
                .failed, "the agent at \(socket) makes no sense: \(error); restart it with this version")
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
