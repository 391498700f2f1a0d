import Glibc

/// Many questions at a time, by one thread.
struct LabCalls {
    private let lab: Lab

    /// More at a time would wait for each other on a slow machine, and be taken for silence.
    private static let limit = 32

    init(in lab: Lab) { self.lab = lab }

    /// - Returns: The outcomes in the order of the questions.
    func ask(_ questions: [LabQuestion]) throws(ScenarioFailure) -> [LabOutcome] {
        var outcomes = [LabOutcome](repeating: .silent, count: questions.count)
        var running: [(index: Int, call: LabCall)] = []
        var next = 0
        while next < questions.count || !running.isEmpty {
            while next < questions.count, running.count < Self.limit {
                running.append((next, try lab.call(questions[next])))
                next += 1
            }
            running.removeAll { index, call in
                guard let outcome = call.proceed() else { return false }
                outcomes[index] = outcome
                return true
            }
            Self.wait(running.map(\.call))
        }
        return outcomes
    }

    private static func wait(_ calls: [LabCall]) {
        guard !calls.isEmpty else { return }
        var descriptors = calls.map(\.descriptor)
        _ = poll(&descriptors, nfds_t(descriptors.count), 10)
    }
}
