internal import CSystem
internal import Glibc
internal import HealthChecks
internal import LoadBalancing
internal import Programs

/// Runs the checks that the agent has sent, each at its times, on one thread that waits for nobody.
final class Engine {
    private final class Check {
        let subject: CheckSubject
        var cadence: Cadence
        var attempt: (any Attempt)?
        var began: ContinuousClock.Instant
        var lastOutcome: CheckResult.Outcome?

        init(_ subject: CheckSubject, now: ContinuousClock.Instant) {
            self.subject = subject
            cadence = Cadence(subject.check, now: now, jitter: .random(in: 0..<1))
            began = now
        }
    }

    private let agent: AgentLine
    private let mostAttempts: Int
    private let poller: Poller
    private let attempts: Attempts
    private var checks: [CheckerMessage.Number: Check] = [:]
    private var schedule = Schedule<CheckerMessage.Number>()
    private var figures = CheckerFigures()
    private var beatTime: ContinuousClock.Instant

    private static let agentKey = UInt64.max
    private static let beat = Duration.seconds(2)
    /// Times that are looked at before the descriptors are again.
    private static let timesAtOnce = 256
    /// How long an attempt waits where there are as many under way as there may be.
    private static let crowdDelay = Duration.milliseconds(200)

    /// - Parameters:
    ///   - mostAttempts: How many are under way at most; others wait.
    ///   - authorities: A PEM file of those that certificates are verified by; `nil` for the system's.
    init(_ agent: AgentLine, mostAttempts: Int = 10_000, authorities: String? = nil) throws(CheckerError) {
        self.agent = agent
        self.mostAttempts = mostAttempts
        poller = try Poller()
        attempts = Attempts(poller, try CheckTransfers(poller, authorities: authorities))
        beatTime = .now
        guard poller.add(agent.descriptor, key: Self.agentKey, output: false) else {
            throw CheckerError("epoll_ctl", errno)
        }
    }

    deinit {
        checks = [:]
        Reaper.awaitEnds()
    }

    /// Runs until the agent has gone, or says what it must not.
    func run() {
        while true {
            var isOver = false
            poller.wait(milliseconds: patience) { key, events in
                switch key {
                case Self.agentKey: isOver = !takeOrders()
                case CheckTransfers.socketKey...: attempts.transfers.handle(key, events: events)
                default: handle(CheckerMessage.Number(truncatingIfNeeded: key))
                }
            }
            if isOver { return }
            let now = ContinuousClock.now
            attempts.transfers.tick(now: now)
            for (key, finding) in attempts.transfers.finished() {
                finish(CheckerMessage.Number(truncatingIfNeeded: key), finding, now: now)
            }
            for _ in 0..<Self.timesAtOnce {
                guard let number = schedule.take(now: now) else { break }
                takeTime(of: number, now: .now)
            }
            beat(now: now)
            agent.flush(now: now)
        }
    }

    /// Milliseconds until something is due.
    private var patience: Int32 {
        let next = [schedule.next(), attempts.transfers.deadline, agent.deadline, beatTime].compactMap(\.self).min()
        guard let next else { return -1 }
        return Int32(clamping: (max(0, ContinuousClock.now.duration(to: next).nanoseconds) + 999_999) / 1_000_000)
    }

    // MARK: The agent

    /// `false` when there is no agent any more.
    private func takeOrders() -> Bool {
        while true {
            switch agent.receive() {
            case .nothing: return true
            case .message(.add(let assignments)): assignments.forEach(add)
            case .message(.remove(let numbers)):
                numbers.forEach(remove)
            case .message, .malformed, .end: return false
            }
        }
    }

    private func add(_ assignment: CheckerMessage.Assignment) {
        let now = ContinuousClock.now
        guard let subject = assignment.subject else {
            let reason = "cannot ask: the check is too long, or has a value that no check can have"
            agent.report(.init(assignment.number, CheckResult(.unknown, reason: reason, duration: .zero)), isNews: true)
            return
        }
        remove(assignment.number)
        let check = Check(subject, now: now)
        checks[assignment.number] = check
        schedule.set(assignment.number, check.cadence.due)
    }

    private func remove(_ number: CheckerMessage.Number) {
        if checks.removeValue(forKey: number)?.attempt != nil { figures.open -= 1 }
        schedule.remove(number)
    }

    private func beat(now: ContinuousClock.Instant) {
        guard beatTime <= now else { return }
        beatTime = now + Self.beat
        agent.send(.beat(figures))
        figures.lateness = .zero
        Reaper.reap()
    }

    // MARK: Attempts

    private func handle(_ number: CheckerMessage.Number) {
        guard let finding = checks[number]?.attempt?.handle() else { return }
        finish(number, finding, now: .now)
    }

    /// An attempt is to begin, or its time is over.
    private func takeTime(of number: CheckerMessage.Number, now: ContinuousClock.Instant) {
        guard let check = checks[number] else { return }
        if let attempt = check.attempt { return finish(number, attempt.expire(), now: now) }
        guard figures.open < mostAttempts else { return schedule.set(number, now + Self.crowdDelay) }
        figures.attempts += 1
        figures.lateness = max(figures.lateness, now - check.cadence.due)
        check.began = now
        let attempt = attempts.attempt(check.subject, key: UInt64(number))
        check.attempt = attempt
        figures.open += 1
        if let finding = attempt.start() { return finish(number, finding, now: .now) }
        schedule.set(number, now + check.subject.check.timeout)
    }

    private func finish(_ number: CheckerMessage.Number, _ finding: Finding, now: ContinuousClock.Instant) {
        guard let check = checks[number] else { return }
        if check.attempt != nil { figures.open -= 1 }
        check.attempt = nil
        check.cadence.finish(finding.outcome, now: now)
        if check.subject.check.isEvent {
            schedule.remove(number)
        } else {
            schedule.set(number, check.cadence.due)
        }
        let result = CheckResult(
            finding.outcome, reason: Reason.line(finding.reason), duration: max(.zero, now - check.began))
        agent.report(.init(number, result), isNews: check.lastOutcome != finding.outcome)
        check.lastOutcome = finding.outcome
    }
}

/// Makes attempts: what asks as which probe.
struct Attempts {
    let transfers: CheckTransfers
    private let poller: Poller

    init(_ poller: Poller, _ transfers: CheckTransfers) {
        self.poller = poller
        self.transfers = transfers
    }

    func attempt(_ subject: CheckSubject, key: UInt64) -> any Attempt {
        let family = subject.check.target(of: subject.realServer).address.family
        switch subject.check.probe {
        case .tcp(let exchange): return overSocket(subject, ExchangeConversation(exchange, isStream: true), key)
        case .udp(let exchange): return overSocket(subject, ExchangeConversation(exchange, isStream: false), key)
        case .dns(let probe): return overSocket(subject, DNSConversation(probe), key)
        case .smtp(let helo): return overSocket(subject, SMTPConversation(helo: helo), key)
        case .ping:
            return SocketAttempt(subject, PingConversation(family), poller, key: key, open: PingConversation.openSocket)
        case .http(let probe):
            do throws(HTTPAttempt.Failure) {
                return try HTTPAttempt(subject, probe, transfers, key: key)
            } catch {
                return ImpossibleAttempt(reason: error.reason)
            }
        case .command(let probe): return CommandAttempt(probe, timeout: subject.check.timeout, poller, key: key)
        case .file(let path): return FileAttempt(path)
        }
    }

    private func overSocket(_ subject: CheckSubject, _ conversation: any Conversation, _ key: UInt64) -> SocketAttempt {
        let type = conversation.isStream ? SOCK_STREAM : SOCK_DGRAM
        return SocketAttempt(subject, conversation, poller, key: key) { (check, target) throws(ProbeSocket.Failure) in
            try ProbeSocket.open(target.address.family, type, for: check)
        }
    }
}

/// An attempt that cannot even be begun.
private final class ImpossibleAttempt: Attempt {
    private let reason: String

    init(reason: String) { self.reason = reason }

    func start() -> Finding? { .unknown("cannot ask: \(reason)") }

    func handle() -> Finding? { nil }

    func expire() -> Finding { .unknown("cannot ask: \(reason)") }
}
