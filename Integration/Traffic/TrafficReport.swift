import LoadBalancing

/// All traffic so far.
struct TrafficReport: Sendable, CustomStringConvertible {
    /// New connections of each phase, by the phase in which they were begun.
    var phases: [[AddressFamily: NewConnections]] = [[:]]
    var longConnections: [LongConnection] = []

    /// New connections of a family in all phases but some.
    func new(_ family: AddressFamily, except excluded: Set<Int> = []) -> NewConnections {
        var sum = NewConnections()
        for (index, connections) in phases.enumerated() where !excluded.contains(index) {
            if let connections = connections[family] { sum.add(connections) }
        }
        return sum
    }

    /// New connections of both families in one phase.
    func new(phase: Int) -> NewConnections {
        var sum = NewConnections()
        for connections in phases[phase].values { sum.add(connections) }
        return sum
    }

    var brokenConnections: [LongConnection] { longConnections.filter { $0.failure != nil } }

    var description: String {
        AddressFamily.allCases.map { family in
            let long = longConnections.filter { $0.family == family }
            let broken = long.count { $0.failure != nil }
            let answers = long.reduce(0) { $0 + $1.answers }
            return "\(family): \(new(family)); \(long.count) long-lived, \(broken) broken, \(answers) answers"
        }.joined(separator: "\n")
    }

    /// Ends the scenario as failed unless there was traffic of both families, and all of it went well.
    ///
    /// - Parameters:
    ///   - minimum: So many new connections of each family there have to be.
    ///   - phases: New connections of these do not count.
    ///   - mayLose: Whether packets of new connections may have been lost, if TCP has made up for it.
    ///   - cut: Servers whose long-lived connections are broken on purpose: all of theirs, and nobody else's.
    func expectFlawless(
        minimum: Int = 200, except phases: Set<Int> = [], mayLose: Bool = false, cut: Set<String> = [],
        file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) {
        for family in AddressFamily.allCases {
            let new = new(family, except: phases)
            try expect(
                new.attempted >= minimum, "only \(new.attempted) new \(family) connections\n\(self)", file: file,
                line: line)
            try expect(
                new.failures.isEmpty && new.succeeded == new.attempted,
                "\(new.failures.count) of \(new.attempted) new \(family) connections failed:\n"
                    + "\(Self.list(new.failures))\n\(self)", file: file, line: line)
            try expect(
                mayLose || new.lost == 0, "packets of new connections were lost\n\(self)", file: file, line: line)
            let isOpened = longConnections.contains { $0.family == family && $0.answers > 0 }
            try expect(isOpened, "there was no long-lived \(family) connection\n\(self)", file: file, line: line)
        }
        try expectUnbroken(but: cut, file: file, line: line)
    }

    /// Ends the scenario as failed if a long-lived connection broke, or one of those real servers goes on.
    func expectUnbroken(
        but cut: Set<String> = [], file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) {
        let isCut: (LongConnection) -> Bool = { cut.contains($0.server ?? "") }
        let broken = brokenConnections.filter { !isCut($0) }
        try expect(
            broken.isEmpty,
            "\(broken.count) of \(longConnections.count) long-lived connections broke:\n"
                + "\(Self.list(broken.compactMap(\.failure)))\n\(self)", file: file, line: line)
        let alive = longConnections.filter { isCut($0) && $0.failure == nil }
        try expect(
            alive.isEmpty, "\(alive.count) long-lived connections should have been cut\n\(self)", file: file, line: line
        )
    }

    /// Ends the scenario as failed if a long-lived connection broke before that moment of the traffic.
    func expectCuts(
        after earliest: Duration, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) {
        let early = brokenConnections.compactMap(\.failure).filter { $0.time < earliest }
        try expect(
            early.isEmpty, "before \(earliest / .milliseconds(1)) ms:\n\(Self.list(early))", file: file, line: line)
    }

    /// The first few, each on a line.
    private static func list(_ failures: [TrafficFailure]) -> String {
        failures.prefix(10).map { "  \($0)" }.joined(separator: "\n")
    }
}
