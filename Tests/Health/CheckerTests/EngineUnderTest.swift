import CSystem
import Glibc
import HealthChecks
import LoadBalancing
import Programs
import Testing

@testable import Checker

/// An engine on a thread of its own, and the agent's end of its socket.
final class EngineUnderTest {
    private let socket: MessageSocket
    private var lastNumber: CheckerMessage.Number = 0

    /// - Parameter authorities: A PEM file of those that are trusted; `nil` for the system's.
    init(authorities: String? = nil) throws {
        var ends: [Int32] = [-1, -1]
        try #require(
            socketpair(
                AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0
        )
        socket = MessageSocket(Descriptor(ends[0]))
        let engine = Unmanaged.passRetained(
            try Engine(AgentLine(MessageSocket(Descriptor(ends[1]))), authorities: authorities))
        var thread = pthread_t()
        try #require(
            pthread_create(
                &thread, nil,
                { context in
                    if let context { Unmanaged<Engine>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, engine.toOpaque()) == 0)
        pthread_detach(thread)
    }

    /// Has a check made again and again, and takes the first result.
    func result(
        of probe: ServerCheck.Probe, at endpoint: Endpoint, timeout: Duration = .seconds(60),
        change: (inout ServerCheck) -> Void = { _ in }
    ) throws -> CheckResult {
        var check = ServerCheck(probe, interval: .milliseconds(20), timeout: timeout)
        change(&check)
        lastNumber += 1
        let number = lastNumber
        try #require(socket.send(.add([.init(number, CheckSubject(check, of: endpoint))])))
        defer { _ = socket.send(.remove([number])) }
        return try #require(try next { $0.number == number }).result
    }

    func send(_ message: CheckerMessage) throws { try #require(socket.send(message)) }

    /// The next result of that kind.
    func next(_ isWanted: (CheckerMessage.Report) -> Bool = { _ in true }) throws -> CheckerMessage.Report? {
        while true {
            switch socket.receive() {
            case .message(.results(let reports)):
                if let report = reports.first(where: isWanted) { return report }
            case .message: continue
            case .nothing:
                var poll = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
                try #require(Glibc.poll(&poll, 1, 600_000) > 0, "nothing came")
            case .malformed, .end: return nil
            }
        }
    }
}
