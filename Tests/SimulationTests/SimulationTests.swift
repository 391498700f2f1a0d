import Simulation
import Testing

/// A daemon's life with faults; `scripts/simulate` goes through many more.
@Suite struct SimulationTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func itsInvariantsHold(seed: UInt64) throws {
        let simulation = Simulation(seed: seed)
        try simulation.run()
        #expect(simulation.figures.operations > 0)
    }

    /// The same seed is the same life.
    @Test func aSeedRepeats() throws {
        let figures = try (0..<2).map { _ in
            let simulation = Simulation(seed: 7)
            try simulation.run()
            return simulation.figures
        }
        #expect(figures[0].jobs == figures[1].jobs && figures[0].operations == figures[1].operations)
    }

    @Test(arguments: Mutation.allCases) func faultsThatArePutInAreFound(_ mutation: Mutation) {
        let found = (1...1_000 as ClosedRange<UInt64>).contains { seed in
            do {
                try Simulation(seed: seed, mutation: mutation).run()
                return false
            } catch {
                return true
            }
        }
        #expect(found)
    }
}
