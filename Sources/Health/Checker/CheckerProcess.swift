internal import CSystem
internal import Glibc
package import HealthChecks

/// The checks that run outside of the agent: it says what to check, and takes the results.
///
/// Behind it is one process for what is asked over the network, and one for the commands and files of each user, so that
/// whatever reads strangers' answers starts nothing, and a file on a disk that hangs holds up no check of a server. Each
/// is started when it has something to do, has no capability but those it needs, and is killed and started again when it
/// ends, hangs or says what it must not. No call waits for any of them.
package final class CheckerProcess {
    /// Can be read when there is something to ``receive(now:)``; it is the same for the life of this value.
    package let descriptor: Int32

    private let launch: CheckerLaunch
    private let patience: CheckerPatience
    private var links: [CheckerPlace: CheckerLink] = [:]
    /// Users for whom there is no process, for there are too many.
    private var refused: Set<String> = []

    /// Users that commands and files are checked as.
    private static let maximumPlaces = 17

    /// - Parameters:
    ///   - executable: The program to start: this one, whatever has been put in its file's place meanwhile.
    ///   - arguments: Those that make it a checker.
    ///   - patience: The times that it is held to.
    package init(
        executable: String = "/proc/self/exe", arguments: [String] = ["checker"], patience: CheckerPatience = .init()
    ) throws(CheckerError) {
        launch = CheckerLaunch(executable: executable, arguments: arguments)
        self.patience = patience
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw CheckerError("epoll_create1", errno) }
    }

    deinit {
        links = [:]
        Reaper.awaitEnds()
        close(descriptor)
    }

    /// Checks exactly these from now on. Those that are checked already go on as they are.
    package func use(_ subjects: Set<CheckSubject>, now: ContinuousClock.Instant) {
        let places = Dictionary(grouping: subjects) { CheckerPlace($0.check.probe) }
        refused = []
        for place in links.keys where places[place] == nil { links[place] = nil }
        for (place, subjects) in places.sorted(by: { $0.key < $1.key }) {
            guard let link = link(to: place) else {
                refused.insert(place.name)
                continue
            }
            link.use(Set(subjects), now: now)
        }
    }

    private func link(to place: CheckerPlace) -> CheckerLink? {
        if let link = links[place] { return link }
        guard links.count < Self.maximumPlaces else { return nil }
        let link = CheckerLink(place, launch, patience, poll: descriptor)
        links[place] = link
        return link
    }

    /// What the checks have found since the last call; starts and stops what has to be.
    package func receive(now: ContinuousClock.Instant) -> [(CheckSubject, CheckResult)] {
        Reaper.reap()
        var results: [(CheckSubject, CheckResult)] = []
        for link in links.values { link.receive(now: now, into: &results) }
        return results
    }

    /// When to call ``receive(now:)`` even if nothing comes; `nil` for never.
    package var wakeUp: ContinuousClock.Instant? { links.values.compactMap(\.wakeUp).min() }

    /// Why some checks are not made at the moment; `nil` if all are. What was found before is as true as it was then.
    package var problem: String? {
        let problems = links.sorted { $0.key < $1.key }.compactMap(\.value.problem)
        return problems.first ?? refused.min().map { "there are too many users to check as: \($0) are not made" }
    }

    /// What all of them do.
    package var figures: CheckerFigures { links.values.reduce(into: .init()) { $0.add($1.figures) } }

    /// The processes that run.
    package var processIdentifiers: [Int32] { links.values.compactMap(\.processIdentifier).sorted() }
}

/// The times that a checker is held to.
package struct CheckerPatience: Sendable {
    /// It is killed when nothing has been heard of it for so long; it tells each two seconds that it is alive.
    package var silence: Duration
    /// Before it is started again; doubled each time until ``longestDelay``.
    package var firstDelay: Duration
    package var longestDelay: Duration

    package init(
        silence: Duration = .seconds(10), firstDelay: Duration = .milliseconds(250),
        longestDelay: Duration = .seconds(60)
    ) {
        self.silence = silence
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
    }
}

/// What is checked in the same process.
enum CheckerPlace: Hashable, Comparable {
    /// Whatever reads answers of others.
    case network
    /// Commands and files, as a user; `nil` for the checker's own.
    case local(user: String?)
    /// Programs for events, likewise.
    case events(user: String?)

    init(_ probe: ServerCheck.Probe) {
        switch probe {
        case .command(let command):
            self = command.event == nil ? .local(user: command.user) : .events(user: command.user)
        case .file: self = .local(user: nil)
        case .tcp, .udp, .http, .dns, .smtp, .ping: self = .network
        }
    }

    /// `network`, `commands`, `commands of nobody` or `hooks`.
    var name: String {
        switch self {
        case .network: "network"
        case .local(nil): "commands"
        case .local(let user?): "commands of \(user)"
        case .events(nil): "hooks"
        case .events(let user?): "hooks of \(user)"
        }
    }

    static func < (left: Self, right: Self) -> Bool { left.name < right.name }
}

/// What made a checker impossible.
package struct CheckerError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    /// A system call's failure.
    init(_ call: String, _ code: Int32) {
        description = "\(call): \(strerror(code).map { String(cString: $0) } ?? "error \(code)")"
    }
}

extension CheckerFigures {
    fileprivate mutating func add(_ other: Self) {
        attempts += other.attempts
        lateness = max(lateness, other.lateness)
        open += other.open
    }
}
