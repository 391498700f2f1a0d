internal import Agent
internal import LoadBalancing
internal import Presentation
internal import Telemetry

/// Shows what is watched as a picture on a terminal, drawn anew at every look.
struct ScreenWatch {
    /// So many changes are kept for the foot of the picture.
    private static let keptChanges = 50

    private var watch: TableWatch
    private let settings: WatchSettings
    private var table = RateTable(ObservedState(), since: nil, elapsed: .zero)
    private var changes: [AgentStatus.Change] = []
    private var hasAsked = false

    init(_ watch: TableWatch, _ settings: WatchSettings) {
        self.watch = watch
        self.settings = settings
    }

    /// Runs until it has looked often enough, or until a key or a signal ends it.
    mutating func run() throws {
        let wait = WatchWait()
        // What goes wrong at the first look is said before there is a screen.
        var frame = try look()
        let screen = Screen()
        var time = ContinuousClock.now
        var looks = 1
        while true {
            screen.draw(frame.lines(screen.size))
            if looks == settings.count { return }
            time = max(time + .seconds(settings.interval), .now)
            guard wait.sleep(until: time, keys: screen.keys) else { return }
            frame = try look()
            looks += 1
        }
    }

    private mutating func look() throws -> WatchFrame {
        var notes: [String] = []
        if let look = try watch.look() {
            table = look
        } else {
            notes.append("the table changes too fast to be read; this is what it was")
        }
        let loaded = try watch.ledger()
        if let problem = loaded.problem { notes.append(problem.description) }
        return WatchFrame(
            agent: ask(), table: table, ledger: loaded.ledger, now: BootClock().seconds,
            time: WallTime.now.description, interval: settings.interval, order: settings.order, changes: changes,
            notes: notes + watch.missing(in: table))
    }

    private mutating func ask() -> WatchFrame.Agent {
        defer { hasAsked = true }
        do throws(AgentProblem) {
            let (status, news) = try watch.ask()
            changes = Array((changes + (hasAsked ? news.changes : status.changes)).suffix(Self.keptChanges))
            return .running(status)
        } catch {
            return .absent(error.description)
        }
    }
}
