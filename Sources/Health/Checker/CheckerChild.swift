internal import CSystem
internal import Glibc
internal import HealthChecks
internal import Programs

/// What a checker needs beside an ordinary user's rights.
struct CheckerNeeds: OptionSet {
    let rawValue: UInt8

    /// To set the mark of what it sends.
    static let marks = Self(rawValue: 1)
    /// To send echo requests, where `net.ipv4.ping_group_range` does not let every user.
    static let ping = Self(rawValue: 2)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ check: ServerCheck) {
        self = check.mark == 0 ? [] : .marks
        if case .ping = check.probe { insert(.ping) }
    }
}

/// How checkers are started.
struct CheckerLaunch {
    let executable: String
    let arguments: [String]

    /// The descriptor at which a checker finds the agent.
    static let descriptor: Int32 = 3
    private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]

    func start(_ place: CheckerPlace, _ needs: CheckerNeeds) throws(CheckerError) -> CheckerChild {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw CheckerError("socketpair", errno) }
        let ours = Descriptor(ends[0])
        let theirs = Descriptor(ends[1])
        let null = Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC))
        guard null.value >= 0 else { throw CheckerError("/dev/null", errno) }
        do throws(ProgramFailure) {
            let identifier = try ProgramProcess.spawn(
                executable, ["ipvsync"] + arguments + options(place, needs), environment: Self.environment,
                standard: [null.value, null.value, STDERR_FILENO, theirs.value])
            return CheckerChild(identifier, MessageSocket(ours))
        } catch {
            throw CheckerError("\(executable) \(error.reason)")
        }
    }

    private func options(_ place: CheckerPlace, _ needs: CheckerNeeds) -> [String] {
        var options: [String] = []
        if needs.contains(.marks) { options.append("--marks") }
        if needs.contains(.ping) { options.append("--ping") }
        switch place {
        case .network: break
        case .local(let user): options += ["--commands"] + (user.map { ["--user=\($0)"] } ?? [])
        case .events(let user): options += ["--commands", "--hooks"] + (user.map { ["--user=\($0)"] } ?? [])
        }
        return options
    }
}

/// A checker process and the socket to it; both go with this value.
final class CheckerChild {
    let identifier: pid_t
    private let socket: MessageSocket

    init(_ identifier: pid_t, _ socket: MessageSocket) {
        self.identifier = identifier
        self.socket = socket
    }

    deinit { Reaper.end(group: identifier) }

    /// Has an `epoll` descriptor tell when something comes, or can be sent again.
    func watch(in poll: Int32, output: Bool, isNew: Bool) {
        let events = output ? EPOLLIN.rawValue | EPOLLOUT.rawValue : EPOLLIN.rawValue
        var event = epoll_event(events: events, data: epoll_data_t(fd: socket.descriptor))
        // Without it the next look comes with the time, not with the news.
        _ = epoll_ctl(poll, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket.descriptor, &event)
    }

    func receive() -> MessageSocket.Received { socket.receive() }

    /// Sends a message; `false` if the socket is full. That it is broken is told by ``receive()``.
    func send(_ message: CheckerMessage) -> Bool { socket.send(message) }
}
