/// How a source of what is wanted is doing.
package struct SourceStatus: Hashable, Sendable {
    /// `files`, or the collection of an API server: `services`.
    package var name: String
    /// Whether it has told all it has once.
    package var isComplete: Bool
    /// What is wrong with it now; what it told before stays in force.
    package var problem: String?
    /// Full readings.
    package var lists: Int
    package var watches: Int
    package var events: Int
    package var failures: Int
    /// When something was last heard of it.
    package var lastHeard: WallTime?
    /// Objects that could not be read, each with why.
    package var unreadable: [String]

    package init(
        name: String, isComplete: Bool = false, problem: String? = nil, lists: Int = 0, watches: Int = 0,
        events: Int = 0, failures: Int = 0, lastHeard: WallTime? = nil, unreadable: [String] = []
    ) {
        self.name = name
        self.isComplete = isComplete
        self.problem = problem
        self.lists = lists
        self.watches = watches
        self.events = events
        self.failures = failures
        self.lastHeard = lastHeard
        self.unreadable = unreadable
    }
}
