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

    func choose(from scenarios: [Scenario]) throws(ScenarioFailure) -> [Scenario] {
        var expressions: [Regex<AnyRegexOutput>] = []
        for filter in filters {
            do {
                expressions.append(try Regex(filter))
            } catch {
                throw ScenarioFailure("not a regular expression: \(filter)")
            }
        }
        return scenarios.filter { scenario in
            (expressions.isEmpty || expressions.contains { scenario.name.contains($0) })
                && (tags.isEmpty || !tags.isDisjoint(with: scenario.tags))
                && skippedTags.isDisjoint(with: scenario.tags)
        }
    }

    /// What the kernel lacks for this scenario, if anything.
    func lacking(_ scenario: Scenario) -> [Tag] {
        missing.intersection(scenario.tags).sorted { $0.rawValue < $1.rawValue }
    }
}
