import ArgumentParser

/// Which scenarios are to run.
struct Selection {
    /// Regular expressions: a name has to match one of them, if there are any.
    let filters: [String]
    /// A scenario has to have one of these, if there are any.
    let tags: Set<Tag>
    /// A scenario may have none of these.
    let skippedTags: Set<Tag>
    /// What the kernel is declared not to have: scenarios that need it are chosen, but skipped.
    let missing: Set<Tag>
    /// Which of those that are left.
    let share: Share

    func choose(from scenarios: [Scenario]) throws(ScenarioFailure) -> [Scenario] {
        var expressions: [Regex<AnyRegexOutput>] = []
        for filter in filters {
            do {
                expressions.append(try Regex(filter))
            } catch {
                throw ScenarioFailure("not a regular expression: \(filter)")
            }
        }
        let chosen = scenarios.filter { scenario in
            (expressions.isEmpty || expressions.contains { scenario.name.contains($0) })
                && (tags.isEmpty || !tags.isDisjoint(with: scenario.tags))
                && skippedTags.isDisjoint(with: scenario.tags)
        }
        return share.of(chosen)
    }

    /// What the kernel lacks for this scenario, if anything.
    func lacking(_ scenario: Scenario) -> [Tag] {
        missing.intersection(scenario.tags).sorted { $0.rawValue < $1.rawValue }
    }
}

/// One of several kernels' shares of the scenarios: `2/3` is the second, the fifth, the eighth …
struct Share: ExpressibleByArgument {
    let number: Int
    let count: Int

    static let all = Share(number: 1, count: 1)

    private init(number: Int, count: Int) {
        self.number = number
        self.count = count
    }

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1], (1...max(1, count)).contains(number) else {
            return nil
        }
        self.init(number: number, count: count)
    }

    var defaultValueDescription: String { "\(number)/\(count)" }

    func of<Element>(_ all: [Element]) -> [Element] {
        stride(from: number - 1, to: all.count, by: count).map { all[$0] }
    }
}
