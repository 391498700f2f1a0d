internal import ArgumentParser
internal import Glibc
internal import Simulation
internal import Synchronization

/// Goes through many simulated lives of the daemon.
@main struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Live through a daemon's life under faults, again and again, and check its invariants.",
        discussion: """
            EXAMPLES:
              simulate --seeds 10000
              simulate --from 4711 --seeds 1     one that failed, once more
              simulate --mutants --seeds 1000    whether faults put in on purpose are found
            """)

    @Option(help: ArgumentHelp("How many lives.", valueName: "count")) var seeds: UInt64 = 1_000
    @Option(help: ArgumentHelp("The first of them.", valueName: "seed")) var from: UInt64 = 1
    @Option(help: ArgumentHelp("Threads.", valueName: "count")) var jobs: Int = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    @Flag(help: "Put faults in, and fail unless each is found.") var mutants = false

    func run() throws {
        if mutants { return try findMutants() }
        let state = Mutex((next: from, figures: SimulationFigures(), failures: [String]()))
        let end = from + seeds
        let started = ContinuousClock.now
        runOnThreads {
            while true {
                let seed = state.withLock { state in
                    defer { state.next += 1 }
                    return state.next
                }
                guard seed < end, state.withLock({ $0.failures.count < 5 }) else { return }
                let simulation = Simulation(seed: seed)
                do throws(SimulationFailure) {
                    try simulation.run()
                } catch {
                    state.withLock { $0.failures.append(error.description) }
                }
                let figures = simulation.figures
                state.withLock { $0.figures.add(figures) }
            }
        }
        let (_, figures, failures) = state.withLock(\.self)
        for failure in failures { print(failure) }
        print(
            "\(seeds) seeds in \(started.duration(to: .now)): \(figures.events) events, \(figures.restarts) killed "
                + "processes, \(figures.jobs) jobs, \(figures.operations) operations; longest wait of a change "
                + "\(figures.longestWait), busiest turn \(figures.busiestTurn) jobs; \(failures.count) failures")
        if !failures.isEmpty { throw ExitCode.failure }
    }

    private func findMutants() throws {
        var missed = false
        for mutation in Mutation.allCases {
            var found: (seed: UInt64, message: String)?
            for seed in from..<(from + seeds) where found == nil {
                do throws(SimulationFailure) {
                    try Simulation(seed: seed, mutation: mutation).run()
                } catch {
                    found = (seed, error.message)
                }
            }
            missed = missed || found == nil
            print("\(mutation.rawValue): \(found.map { "found by seed \($0.seed): \($0.message)" } ?? "NOT FOUND")")
        }
        if missed { throw ExitCode.failure }
    }

    private func runOnThreads(_ work: @escaping @Sendable () -> Void) {
        let threads = (0..<max(1, jobs)).compactMap { _ in SimulationThread.start(work) }
        for thread in threads { pthread_join(thread, nil) }
    }
}

/// A thread that does one thing.
private final class SimulationThread: Sendable {
    private let work: @Sendable () -> Void

    private init(_ work: @escaping @Sendable () -> Void) { self.work = work }

    static func start(_ work: @escaping @Sendable () -> Void) -> pthread_t? {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(SimulationThread(work))
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<SimulationThread>.fromOpaque(context).takeRetainedValue().work() }
                return nil
            }, body.toOpaque())
        guard code != 0 else { return thread }
        body.release()
        return nil
    }
}
