import Glibc
import LoadBalancing
import Synchronization

/// A pod's servers of all three protocols, which answer every question with the pod's name and the client's address.
final class LabServers {
    private let worker: Worker

    /// Listens in the calling thread's namespace: before this returns, it does.
    init(_ name: String, on addresses: [SocketAddress]) throws(ScenarioFailure) {
        var listeners: [TrafficSocket] = []
        var datagrams: [TrafficSocket] = []
        for address in addresses {
            for transport in TransportProtocol.allCases {
                let socket = try TrafficSocket(transport, boundTo: address)
                if transport == .udp {
                    datagrams.append(socket)
                } else {
                    try socket.listen()
                    listeners.append(socket)
                }
            }
        }
        let loop = Mutex(LabServerLoop(name, listeners: listeners, datagrams: datagrams))
        worker = try Worker { isWanted in
            loop.withLock { loop in
                while isWanted() { loop.step() }
            }
        }
    }
}

/// The servers' one thread.
private struct LabServerLoop: ~Copyable {
    private let name: String
    private let listeners: [TrafficSocket]
    private let datagrams: [TrafficSocket]
    private var connections: [TrafficSocket] = []

    init(_ name: String, listeners: [TrafficSocket], datagrams: [TrafficSocket]) {
        self.name = name
        self.listeners = listeners
        self.datagrams = datagrams
    }

    mutating func step() {
        var descriptors = (listeners + datagrams + connections).map {
            pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&descriptors, nfds_t(descriptors.count), 50) > 0 else { return }
        connections = connections.filter { answer($0) }
        for listener in listeners {
            while let connection = listener.accept() { connections.append(connection) }
        }
        for socket in datagrams { answerDatagrams(socket) }
    }

    /// - Returns: Whether the connection goes on.
    private func answer(_ connection: TrafficSocket) -> Bool {
        switch connection.read() {
        case .nothing: return true
        case .end, .failure: return false
        case .bytes:
            guard let peer = try? connection.peer else { return false }
            return connection.send(line(peer)) == 0
        }
    }

    private func answerDatagrams(_ socket: TrafficSocket) {
        while let datagram = try? socket.readDatagram() { socket.send(line(datagram.source), to: datagram.source) }
    }

    private func line(_ client: SocketAddress) -> [UInt8] { Array("\(name) \(client.host)\n".utf8) }
}
