/// One thing to find out on a real kernel, in an empty network namespace with `lo` up.
struct Scenario: Sendable {
    /// How a scenario has to end. Only the scenarios that test the harness are meant to fail.
    enum Ending: Sendable {
        case success
        /// It has to fail, and its report has to contain this text.
        case failure(mentioning: String)
    }

    /// Unique; words, with what it belongs to in front: `ipvsadm: restores a saved table`.
    let name: String
    let tags: Set<Tag>
    /// After so long the scenario is ended and has failed. ``Patience/scenario`` at least, unless it has to fail.
    let timeLimit: Duration
    let ending: Ending
    /// Runs in a process of its own. Whatever it throws is a failure.
    let body: @Sendable (Context) async throws -> Void

    init(
        _ name: String, tags: Set<Tag> = [], timeLimit: Duration = Patience.scenario, ending: Ending = .success,
        body: @escaping @Sendable (Context) async throws -> Void
    ) {
        self.name = name
        self.tags = tags
        // Only a scenario that has to fail may have to do so in a short time.
        if case .success = ending {
            self.timeLimit = max(timeLimit, Patience.scenario)
        } else {
            self.timeLimit = timeLimit
        }
        self.ending = ending
        self.body = body
    }
}
