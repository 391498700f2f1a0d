import Glibc
import Synchronization

/// A server that tells every client the address that it sees the client come from.
final class PeerServer {
    private let worker: Worker
    private let failure = FailureBox()

    private final class FailureBox: Sendable {
        private let state = Mutex<(isReady: Bool, failure: ScenarioFailure?)>((false, nil))

        func settle(_ failure: ScenarioFailure? = nil) { state.withLock { $0 = (true, failure) } }

        func isReady() throws(ScenarioFailure) -> Bool {
            let (isReady, failure) = state.withLock { $0 }
            if let failure { throw failure }
            return isReady
        }
    }

    /// - Parameter namespace: Where it listens; where the caller is for `nil`.
    init(_ addresses: [String], port: UInt16, in namespace: PrivateNamespace? = nil) throws(ScenarioFailure) {
        let addresses = try addresses.map { (host) throws(ScenarioFailure) in try SocketAddress(host, port: port) }
        let failure = failure
        worker = try Worker { isWanted in
            do throws(ScenarioFailure) {
                try namespace?.enter()
                let listeners = try addresses.map { (address) throws(ScenarioFailure) in
                    let socket = try TrafficSocket(boundTo: address)
                    try socket.listen()
                    return socket
                }
                failure.settle()
                Self.serve(listeners, isWanted)
            } catch {
                failure.settle(error)
            }
        }
        while try !failure.isReady() { usleep(1000) }
    }

    /// Connections stay open to the end: closing resets them, and the answer might get lost.
    private static func serve(_ listeners: [TrafficSocket], _ isWanted: () -> Bool) {
        var connections: [TrafficSocket] = []
        while isWanted() {
            for listener in listeners {
                guard let connection = listener.accept() else { continue }
                _ = connection.send(Array(connection.peerText.utf8))
                connections.append(connection)
            }
            usleep(1000)
        }
    }
}

extension TrafficSocket {
    /// The other side's address.
    fileprivate var peerText: String {
        var name = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: 64)
        withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                if getpeername(descriptor, $0, &size) == 0 {
                    getnameinfo($0, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                }
            }
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
