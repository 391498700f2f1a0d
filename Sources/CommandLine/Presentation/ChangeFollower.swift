/// Follows the changes of an agent from answer to answer, each once; agents may come, go and start anew.
package struct ChangeFollower: Sendable {
    /// What is new since the last answer.
    package struct News: Hashable, Sendable {
        package var changes: [AgentStatus.Change] = []
        /// Changes that were made and that the agent does not remember any more.
        package var missed: UInt64 = 0

        package init(changes: [AgentStatus.Change] = [], missed: UInt64 = 0) {
            self.changes = changes
            self.missed = missed
        }
    }

    /// The number of the last change that is known: what the agent is to be asked after.
    package private(set) var number: UInt64 = 0
    /// `nil` until there was an answer, or a reason why there is none.
    private var hasBegun = false
    private var run: String?

    package init() {}

    /// Takes note that no agent answers: whatever the next one does is new.
    package mutating func noteAbsence() { hasBegun = true }

    /// Takes an answer to a question for what came after ``number``.
    ///
    /// What was made before the first answer is not new. `nil` when another run of an agent has answered: it has
    /// numbers of its own, and has to be asked again.
    package mutating func follow(_ status: AgentStatus) -> News? {
        defer { hasBegun = true }
        if run != status.run {
            let isFirst = run == nil
            run = status.run
            number = 0
            if isFirst, !hasBegun {
                number = status.changeTotal
                return News()
            }
            if !isFirst { return nil }
        }
        var news = News(changes: status.changes.filter { $0.number > number })
        if let first = news.changes.first?.number, first > number + 1 { news.missed = first - number - 1 }
        number = max(number, news.changes.last?.number ?? 0)
        return news
    }
}
