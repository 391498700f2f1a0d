import Glibc
import Synchronization

/// Servers on several addresses of a namespace that answer every byte with a line of their own address.
final class EchoServers {
    private let tally = AcceptTally()
    private let worker: Worker

    init(_ addresses: [String], port: UInt16, in namespace: PrivateNamespace) throws(ScenarioFailure) {
        let addresses = try addresses.map { (host) throws(ScenarioFailure) in try SocketAddress(host, port: port) }
        let tally = tally
        worker = try Worker { isWanted in
            do throws(ScenarioFailure) {
                try namespace.enter()
                let loop = try EchoLoop(addresses, tally)
                while isWanted() { loop.step() }
            } catch {
                tally.fail(error)
            }
        }
        // Before they listen, connections are refused.
        while try !tally.isReady() { usleep(1000) }
    }

    /// How many connections each of them has been given.
    var accepted: [String: Int] { tally.accepted }
}

/// What the servers' thread tells the scenario's.
private final class AcceptTally: Sendable {
    private struct State {
        var accepted: [String: Int] = [:]
        var isReady = false
        var failure: ScenarioFailure?
    }

    private let state = Mutex(State())

    var accepted: [String: Int] { state.withLock(\.accepted) }

    func isReady() throws(ScenarioFailure) -> Bool {
        let (isReady, failure) = state.withLock { ($0.isReady, $0.failure) }
        if let failure { throw failure }
        return isReady
    }

    func begin() { state.withLock { $0.isReady = true } }

    func fail(_ failure: ScenarioFailure) { state.withLock { $0.failure = failure } }

    func count(_ host: String) { state.withLock { $0.accepted[host, default: 0] += 1 } }
}

/// The servers' one thread.
private final class EchoLoop {
    private struct Connection {
        let socket: TrafficSocket
        let host: String
    }

    private let tally: AcceptTally
    private let listeners: [Connection]
    private var connections: [Connection] = []

    init(_ addresses: [SocketAddress], _ tally: AcceptTally) throws(ScenarioFailure) {
        self.tally = tally
        listeners = try addresses.map { (address) throws(ScenarioFailure) in
            let socket = try TrafficSocket(boundTo: address)
            try socket.listen()
            return Connection(socket: socket, host: address.host)
        }
        tally.begin()
    }

    func step() {
        var descriptors = (listeners + connections).map {
            pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&descriptors, nfds_t(descriptors.count), 50) > 0 else { return }
        var remaining: [Connection] = []
        for (index, connection) in connections.enumerated() {
            let isReady = descriptors[listeners.count + index].revents != 0
            if !isReady || answer(connection) { remaining.append(connection) }
        }
        connections = remaining
        for (listener, descriptor) in zip(listeners, descriptors) where descriptor.revents != 0 {
            while let socket = listener.socket.accept() {
                tally.count(listener.host)
                connections.append(Connection(socket: socket, host: listener.host))
            }
        }
    }

    /// - Returns: Whether the connection goes on.
    private func answer(_ connection: Connection) -> Bool {
        switch connection.socket.read() {
        case .bytes(let bytes):
            let line = Array("\(connection.host)\n".utf8)
            return bytes.allSatisfy { _ in connection.socket.send(line) == 0 }
        case .nothing: return true
        case .end, .failure: return false
        }
    }
}
