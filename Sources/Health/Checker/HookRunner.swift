package import HealthChecks
package import LoadBalancing

/// Runs the operator's programs for events, in the process that runs commands of checks: without capabilities, as
/// another user, for a limited time. Nothing waits for any of them.
///
/// Events of the same object are run one after the other, in their order. Those that come while too many wait are
/// dropped and counted.
package final class HookRunner {
    fileprivate struct Event {
        let kind: HookSettings.Event
        /// What it happened to.
        let object: String
        let variables: [(name: String, value: String)]
    }

    private struct Run {
        let event: Event
        let subject: CheckSubject
        /// It is given up by then: its process could not even be started.
        let end: ContinuousClock.Instant
    }

    package var settings: HookSettings?
    package private(set) var figures = HookFigures()

    private let executable: String
    private let arguments: [String]
    private var checker: CheckerProcess?
    private var waiting: [Event] = []
    private var running: [Run] = []
    private var lastNumber: UInt64 = 0
    private var hasDropped = false
    private var failing: [HookSettings.Event: String] = [:]

    package static let mostWaiting = 1_000
    package static let mostRunning = 8
    /// What the start of the process may take, beside the programs' own time.
    private static let margin = Duration.seconds(30)

    /// - Parameters:
    ///   - executable: The program that is started: see ``CheckerProcess``.
    ///   - arguments: Those that make it a checker.
    package init(executable: String = "/proc/self/exe", arguments: [String] = ["checker"]) {
        self.executable = executable
        self.arguments = arguments
    }

    /// Can be read when there is something to do; `nil` before the first event. Between two events there is no process.
    package var descriptor: Int32? { checker?.descriptor }

    /// The processes that run.
    var processIdentifiers: [Int32] { checker?.processIdentifiers ?? [] }

    /// When to call ``turn(now:)`` even if nothing comes; `nil` for never.
    package var wakeUp: ContinuousClock.Instant? {
        [checker?.wakeUp, running.map(\.end).min()].compactMap(\.self).min()
    }

    /// Takes what has happened to real servers and virtual servers.
    ///
    /// - Returns: What is to be said.
    package func take(
        _ change: VerdictChange, names: (VirtualServerKey) -> String?
    ) -> [HookNotice] {
        guard let settings, !settings.commands.isEmpty else { return [] }
        var notices: [HookNotice] = []
        for transition in change.transitions where transition.decides {
            let kind: HookSettings.Event = transition.new == .down ? .realServerDown : .realServerUp
            guard settings.commands[kind] != nil else { continue }
            put(Event(kind, transition), &notices)
        }
        for quorum in change.quorums {
            let kind: HookSettings.Event = quorum.isThere ? .quorumGained : .quorumLost
            guard settings.commands[kind] != nil else { continue }
            put(Event(kind, quorum.virtualServer, name: names(quorum.virtualServer)), &notices)
        }
        return notices
    }

    private func put(_ event: Event, _ notices: inout [HookNotice]) {
        guard waiting.count < Self.mostWaiting else {
            figures.dropped += 1
            if !hasDropped { notices.append(.dropping) }
            hasDropped = true
            return
        }
        waiting.append(event)
    }

    /// Starts what waits, and takes leave of what has ended.
    ///
    /// - Returns: What is to be said.
    package func turn(now: ContinuousClock.Instant) -> [HookNotice] {
        guard !waiting.isEmpty || !running.isEmpty else { return [] }
        var notices: [HookNotice] = []
        for (subject, result) in checker?.receive(now: now) ?? [] {
            guard let index = running.firstIndex(where: { $0.subject == subject }) else { continue }
            let run = running.remove(at: index)
            finish(run, result.outcome == .up ? nil : result.reason, &notices)
        }
        for run in running where run.end <= now {
            finish(run, checker?.problem ?? "it was not run in time", &notices)
        }
        running.removeAll { $0.end <= now }
        let hasStarted = start(now, &notices)
        let subjects = Set(running.map(\.subject))
        if hasStarted || subjects != used { use(subjects, now, &notices) }
        if waiting.isEmpty { hasDropped = false }
        return notices
    }

    /// What the process was told to run.
    private var used: Set<CheckSubject> = []

    private func use(_ subjects: Set<CheckSubject>, _ now: ContinuousClock.Instant, _ notices: inout [HookNotice]) {
        used = subjects
        do throws(CheckerError) {
            if checker == nil { checker = try CheckerProcess(executable: executable, arguments: arguments) }
            checker?.use(subjects, now: now)
        } catch {
            for run in running { finish(run, error.description, &notices) }
            running = []
            used = []
        }
    }

    /// Whether something was started.
    private func start(_ now: ContinuousClock.Instant, _ notices: inout [HookNotice]) -> Bool {
        guard let settings else {
            waiting = []
            return false
        }
        var hasStarted = false
        // What comes after an event of the same object waits for it.
        var busy = Set(running.map(\.event.object))
        var index = 0
        while index < waiting.count, running.count < Self.mostRunning {
            let event = waiting[index]
            guard busy.insert(event.object).inserted else {
                index += 1
                continue
            }
            waiting.remove(at: index)
            guard let command = settings.commands[event.kind] else { continue }
            running.append(
                Run(event: event, subject: subject(event, command, settings), end: now + settings.timeout + Self.margin)
            )
            hasStarted = true
        }
        return hasStarted
    }

    private func subject(_ event: Event, _ command: [String], _ settings: HookSettings) -> CheckSubject {
        lastNumber += 1
        let variables = [("IPVSYNC_EVENT", event.kind.rawValue), ("IPVSYNC_NUMBER", "\(lastNumber)")]
        let environment = (variables + event.variables.map { ($0.name, $0.value) }).map { name, value in
            "\(name)=\(String(value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))"
        }
        var probe = ServerCheck.CommandProbe(command, user: settings.user)
        probe.event = environment
        // It is about nothing that is asked: the command alone counts.
        let nothing = Endpoint(IPAddress(v4: 0), port: 0)
        return CheckSubject(
            ServerCheck(.command(probe), interval: settings.timeout, timeout: settings.timeout), of: nothing)
    }

    private func finish(_ run: Run, _ problem: String?, _ notices: inout [HookNotice]) {
        let kind = run.event.kind
        if let problem {
            figures.failed += 1
            if failing[kind] != problem { notices.append(.failed(kind, object: run.event.object, problem)) }
        } else {
            figures.done += 1
        }
        failing[kind] = problem
    }
}

/// What is to be said of hooks.
package enum HookNotice: Hashable, Sendable {
    /// Told once, until it ends otherwise.
    case failed(HookSettings.Event, object: String, String)
    /// So many wait that more are dropped; told once, until none waits.
    case dropping
}

extension HookRunner.Event {
    /// Virtual servers that a variable names.
    private static let namedServers = 100

    fileprivate init(_ kind: HookSettings.Event, _ transition: VerdictChange.Transition) {
        let server = transition.subject.realServer
        let names = transition.virtualServers.prefix(Self.namedServers).map(\.description).joined(separator: ",")
        self.init(
            kind: kind, object: server.description,
            variables: [
                ("IPVSYNC_REAL_SERVER", server.description), ("IPVSYNC_ADDRESS", server.address.description),
                ("IPVSYNC_PORT", "\(server.port)"), ("IPVSYNC_CHECK", transition.subject.description),
                ("IPVSYNC_REASON", transition.result.reason), ("IPVSYNC_VIRTUAL_SERVERS", names),
            ])
    }

    fileprivate init(_ kind: HookSettings.Event, _ key: VirtualServerKey, name: String?) {
        self.init(
            kind: kind, object: key.description,
            variables: [("IPVSYNC_VIRTUAL_SERVER", key.description), ("IPVSYNC_NAME", name ?? "")])
    }
}
