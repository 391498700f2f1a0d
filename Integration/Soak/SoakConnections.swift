import Glibc

/// Connections through one virtual server of the soak, so that real servers which leave have something to drain.
///
/// All addresses are the namespace's own.
final class SoakConnections {
    static let virtualAddress = "192.0.2.1"
    static let realAddresses = (1...4).map { "198.51.100.\($0)" }

    private var listeners: [TrafficSocket] = []
    private var sockets: [TrafficSocket] = []
    private let target: SocketAddress
    private let figures: SoakFigures

    init(_ context: Context, figures: SoakFigures) throws(ScenarioFailure) {
        self.figures = figures
        target = try SocketAddress(Self.virtualAddress, port: 80)
        for address in [Self.virtualAddress] + Self.realAddresses {
            try context.run(["ip", "address", "add", "\(address)/32", "dev", "lo"])
        }
        for address in Self.realAddresses {
            let listener = try TrafficSocket(boundTo: try SocketAddress(address, port: 8080))
            try listener.listen()
            listeners.append(listener)
        }
    }

    /// Ends those of before and opens new ones; the virtual server has to have a real server.
    func renew(_ count: Int) throws(ScenarioFailure) {
        end()
        for _ in 0..<count {
            let client = try TrafficSocket(boundTo: try SocketAddress(Self.virtualAddress, port: 0))
            let code = client.connect(to: target)
            guard code == 0 else { throw SystemCall.failure("connect through the virtual server", code) }
            sockets.append(client)
        }
        var accepted = 0
        for _ in 0..<200 where accepted < count {
            for listener in listeners {
                while let socket = listener.accept() {
                    sockets.append(socket)
                    accepted += 1
                }
            }
            if accepted < count { usleep(1000) }
        }
        figures.count("connection through a virtual server", accepted)
    }

    func end() { sockets = [] }
}
