internal import CSystem
internal import Glibc
internal import HealthChecks
internal import Programs

/// One checker process, as the agent sees it: what it is to check, whether it lives, and when it is started again.
final class CheckerLink {
    private enum State {
        case idle
        case running(Running)
        case waiting(until: ContinuousClock.Instant)
    }

    private struct Running {
        let process: CheckerChild
        let needs: CheckerNeeds
        let since: ContinuousClock.Instant
        var lastHeard: ContinuousClock.Instant
        /// Why it is about to end, as it said.
        var trouble: String?
        var isBlocked = false
    }

    let place: CheckerPlace
    private let launch: CheckerLaunch
    private let patience: CheckerPatience
    private let poll: Int32
    private var state = State.idle
    private var numbers: [CheckSubject: CheckerMessage.Number] = [:]
    private var subjects: [CheckerMessage.Number: CheckSubject] = [:]
    private var needs: CheckerNeeds = []
    private var lastNumber: CheckerMessage.Number = 0
    /// What the process has not been told yet.
    private var unsent: ArraySlice<CheckerMessage.Number> = []
    private var removed: ArraySlice<CheckerMessage.Number> = []
    /// Starts in a row that came to nothing.
    private var failures = 0
    private(set) var figures = CheckerFigures()
    /// Why it does not run; `nil` once it has told that it is alive.
    private(set) var problem: String?

    private static let packetsAtOnce = 64
    private static let numbersAtOnce = 4_096

    init(_ place: CheckerPlace, _ launch: CheckerLaunch, _ patience: CheckerPatience, poll: Int32) {
        self.place = place
        self.launch = launch
        self.patience = patience
        self.poll = poll
    }

    var processIdentifier: Int32? {
        guard case .running(let running) = state else { return nil }
        return running.process.identifier
    }

    var wakeUp: ContinuousClock.Instant? {
        switch state {
        case .idle: nil
        case .running(let running): running.lastHeard + patience.silence
        case .waiting(let time): time
        }
    }

    func use(_ wanted: Set<CheckSubject>, now: ContinuousClock.Instant) {
        for (subject, number) in numbers where !wanted.contains(subject) {
            numbers[subject] = nil
            subjects[number] = nil
            removed.append(number)
        }
        for subject in wanted where numbers[subject] == nil {
            lastNumber &+= 1
            numbers[subject] = lastNumber
            subjects[lastNumber] = subject
            needs.formUnion(CheckerNeeds(subject.check))
            unsent.append(lastNumber)
        }
        switch state {
        case .idle: start(now: now)
        case .running(let running):
            if needs.isSubset(of: running.needs) { send(now: now) } else { start(now: now) }
        case .waiting: break
        }
    }

    /// Takes what has come, and looks whether the process is well.
    func receive(now: ContinuousClock.Instant, into results: inout [(CheckSubject, CheckResult)]) {
        if case .waiting(let time) = state, time <= now { start(now: now) }
        for _ in 0..<Self.packetsAtOnce {
            guard case .running(let running) = state else { return }
            switch running.process.receive() {
            case .nothing:
                if running.lastHeard + patience.silence <= now {
                    return fail("nothing was heard of it for \(patience.silence.seconds) s", now: now)
                }
                return send(now: now)
            case .message(let message): take(message, now: now, into: &results)
            case .malformed: return fail("it sent what is no message", now: now)
            case .end: return fail(running.trouble ?? "it ended", now: now)
            }
        }
        send(now: now)
    }

    private func take(
        _ message: CheckerMessage, now: ContinuousClock.Instant, into results: inout [(CheckSubject, CheckResult)]
    ) {
        guard case .running(var running) = state else { return }
        running.lastHeard = now
        if case .trouble(let text) = message { running.trouble = text }
        state = .running(running)
        switch message {
        case .results(let reports):
            // Those that are no subject's any more have been removed meanwhile, or it makes them up.
            for report in reports {
                if let subject = subjects[report.number] { results.append((subject, report.result)) }
            }
        case .beat(let new):
            figures = new
            problem = nil
            // One that ends soon after each start is not started the faster for it.
            if running.since + patience.longestDelay <= now { failures = 0 }
        case .trouble: break
        case .add, .remove: fail("it sent what only the agent sends", now: now)
        }
    }

    // MARK: Telling it

    /// Sends what there is to send, until the socket is full.
    private func send(now: ContinuousClock.Instant) {
        guard case .running(var running) = state else { return }
        while let (message, rest) = nextMessage() {
            guard running.process.send(message) else {
                if !running.isBlocked { watch(&running, isBlocked: true) }
                return
            }
            rest()
        }
        if running.isBlocked { watch(&running, isBlocked: false) }
    }

    private func watch(_ running: inout Running, isBlocked: Bool) {
        running.isBlocked = isBlocked
        state = .running(running)
        running.process.watch(in: poll, output: isBlocked, isNew: false)
    }

    /// The next packet, and what to do once it is sent.
    private func nextMessage() -> (CheckerMessage, sent: () -> Void)? {
        if !removed.isEmpty {
            let part = removed.prefix(Self.numbersAtOnce)
            return (.remove(Array(part)), { self.removed.removeFirst(part.count) })
        }
        var assignments: [CheckerMessage.Assignment] = []
        var size = 0
        var taken = 0
        for number in unsent {
            if let subject = subjects[number] {
                let length = CheckerMessage.add([.init(number, subject)]).bytes.count
                let isTooLong = length > CheckerMessage.maximumSubject
                guard size + (isTooLong ? 16 : length) <= CheckerMessage.maximumSize else { break }
                size += isTooLong ? 16 : length
                assignments.append(.init(number, isTooLong ? nil : subject))
            }
            taken += 1
        }
        guard taken > 0 else { return nil }
        return (.add(assignments), { self.unsent.removeFirst(taken) })
    }

    // MARK: Its life

    private func start(now: ContinuousClock.Instant) {
        state = .idle
        guard !subjects.isEmpty else { return }
        do throws(CheckerError) {
            let process = try launch.start(place, needs)
            process.watch(in: poll, output: false, isNew: true)
            state = .running(Running(process: process, needs: needs, since: now, lastHeard: now))
            // It knows nothing yet.
            removed = []
            unsent = ArraySlice(subjects.keys.sorted())
            send(now: now)
        } catch {
            fail(error.description, now: now)
        }
    }

    private func fail(_ reason: String, now: ContinuousClock.Instant) {
        problem = "the checker (\(place.name)) is started again: \(reason)"
        figures = CheckerFigures()
        let delay = min(patience.firstDelay * (1 << min(failures, 16)), patience.longestDelay)
        failures += 1
        state = .waiting(until: now + delay)
    }
}

extension Duration {
    fileprivate var seconds: Int64 { components.seconds }
}
