internal import Agent
internal import Documents
internal import Glibc
internal import Presentation
internal import Telemetry

/// Tells what is watched in lines, for files, pipes and programs.
struct LineWatch {
    /// How soon a change is told of, however long the interval.
    private static let changeInterval = Duration.seconds(1)

    private var watch: TableWatch
    private let settings: WatchSettings
    private let format: OutputOptions.Format
    /// How the agent was when it was last told of.
    private var agentState = "ok"

    init(_ watch: TableWatch, _ settings: WatchSettings, format: OutputOptions.Format) {
        self.watch = watch
        self.settings = settings
        self.format = format
    }

    /// Runs until it has looked often enough, until a signal ends it, or until nobody reads.
    mutating func run() throws {
        let wait = WatchWait()
        var time = ContinuousClock.now
        var looks = 0
        while true {
            ask()
            if time <= .now {
                try look(isFirst: looks == 0)
                looks += 1
                if looks == settings.count { return }
                time = max(time + .seconds(settings.interval), .now)
            }
            guard wait.sleep(until: min(time, .now + Self.changeInterval)) else { return }
        }
    }

    private mutating func look(isFirst: Bool) throws {
        guard let table = try watch.look() else { return }
        let loaded = try watch.ledger()
        if isFirst {
            if let problem = loaded.problem { StandardStreams.complain(problem.description) }
            for text in watch.missing(in: table) { StandardStreams.complain(text) }
        }
        tell(
            WatchEvent.traffic(
                table, order: settings.order, ledger: loaded.ledger, time: WallTime.now.description))
    }

    /// Tells of the changes that the agent has made, and of itself when it is otherwise than before.
    private mutating func ask() {
        let time = WallTime.now.description
        do throws(AgentProblem) {
            let (status, news) = try watch.ask()
            let checks = status.checks.filter { $0.state != "ok" }
            note(
                status.state, status.state + checks.map { " \($0.name)=\($0.state)" }.joined(),
                checks.map { "\($0.name): \($0.reason)" }.joined(separator: "; "), time)
            let missed: [WatchEvent] = news.missed > 0 ? [.missed(news.missed, time: time)] : []
            tell(missed + news.changes.map { .change($0) })
        } catch {
            note("absent", error.description, error.description, time)
        }
    }

    private mutating func note(_ state: String, _ all: String, _ reason: String, _ time: String) {
        guard all != agentState else { return }
        agentState = all
        tell([.agent(state, reason: reason, time: time)])
    }

    private func tell(_ events: [WatchEvent]) {
        switch format {
        case .text: StandardStreams.write(events.map(\.line))
        case .json: StandardStreams.write(events.map { $0.document.json(pretty: false) + "\n" }.joined())
        case .yaml: StandardStreams.write(events.map { "---\n" + $0.document.yaml() }.joined())
        }
    }
}

/// What is the same for every way to watch.
struct WatchSettings {
    /// Seconds.
    let interval: Int
    let order: RateTable.Order
    /// Looks after which it ends; `nil` for no end.
    let count: Int?
}

/// Waits between two looks, until it is time, or until nobody wants to see more.
struct WatchWait: ~Copyable {
    private static let interrupt: UInt8 = 3

    private let signals: Signals

    /// Before any thread is made: all of them leave signals to this one.
    init() { signals = Signals() }

    /// Waits until then; false when the watch has to end.
    ///
    /// - Parameter keys: The descriptor of a terminal on which q and Ctrl-C end it.
    func sleep(until time: ContinuousClock.Instant, keys: Int32? = nil) -> Bool {
        while true {
            var polled = [
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
                // Only whether it was closed.
                pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
                pollfd(fd: keys ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let rest = (time - .now) / .milliseconds(1)
            let count = poll(&polled, nfds_t(polled.count), Int32(max(0, rest.rounded(.up))))
            if count == 0 { return true }
            if count < 0, errno == EINTR { continue }
            guard count > 0, polled[0].revents == 0, polled[1].revents == 0 else { return false }
            if let keys, wantsEnd(keys) { return false }
        }
    }

    /// Reads the keys that were pressed; the end of the terminal ends the watch too.
    private func wantsEnd(_ keys: Int32) -> Bool {
        var pressed = [UInt8](repeating: 0, count: 256)
        let count = read(keys, &pressed, pressed.count)
        guard count > 0 else { return count == 0 || (errno != EINTR && errno != EAGAIN) }
        return pressed[..<count].contains { [UInt8(ascii: "q"), UInt8(ascii: "Q"), Self.interrupt].contains($0) }
    }
}
