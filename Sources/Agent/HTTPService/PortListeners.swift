internal import CSystem
internal import Glibc
internal import LoadBalancing
internal import Sockets

/// Listening sockets, on ports that come and go; used by one thread.
final class PortListeners {
    /// Can be read when connections wait to be accepted (`epoll(7)`).
    let descriptor: Int32
    /// The ports that cannot be listened on, at every address for itself.
    private(set) var problems: [PortProblem] = []
    /// Whether connections cannot be accepted for now, and waiting ones not be got rid of: wait a little.
    private(set) var isShort = false

    private struct Place: Hashable, Comparable {
        let port: UInt16
        let address: IPAddress?

        static func < (left: Self, right: Self) -> Bool {
            if left.port != right.port { return left.port < right.port }
            guard let leftAddress = left.address, let rightAddress = right.address else { return false }
            return leftAddress < rightAddress
        }
    }

    /// The addresses to listen on; `nil` for every one that the host has or gets.
    private let addresses: [IPAddress]?
    private var sockets: [Place: Int32] = [:]
    /// The port of each socket; `nil` for a Unix socket.
    private var ports: [Int32: UInt16?] = [:]
    /// What is still to be listened on, the next one last.
    private var missing: [Place] = []
    /// Given up for a moment to get rid of connections when the process has no descriptors left.
    private var spare: Int32

    private static let socketsAtOnce = 64
    private static let connectionsAtOnce = 16

    /// Listens on nothing yet.
    ///
    /// - Throws: ``HTTPServiceError/Kind/listening(_:)``: the process has too many open files.
    init(addresses: [IPAddress]? = nil) throws(HTTPServiceError) {
        self.addresses = addresses
        spare = Self.openSpare()
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw HTTPServiceError(.listening(errno), at: "epoll") }
    }

    deinit {
        for socket in ports.keys { close(socket) }
        close(spare)
        close(descriptor)
    }

    /// Takes over a socket that listens already.
    ///
    /// - Parameter port: Its TCP port; `nil` for a Unix socket.
    func adopt(_ socket: consuming ListeningSocket, port: UInt16?) throws(HTTPServiceError) {
        try watch(socket.release(), port)
    }

    // MARK: Ports

    /// Wants these ports and no others. What stays is left alone; ``openMissing(atMost:)`` opens what is new.
    func want(_ wanted: Set<UInt16>) {
        let places = Set(addresses.map { $0.map(Optional.some) } ?? [nil]).flatMap { address in
            wanted.map { Place(port: $0, address: address) }
        }
        for place in Set(sockets.keys).subtracting(places) {
            guard let socket = sockets.removeValue(forKey: place) else { continue }
            ports[socket] = nil
            close(socket)
        }
        missing = places.filter { sockets[$0] == nil }.sorted(by: >)
        problems = []
    }

    /// Opens some of what is missing; what cannot be opened is among the ``problems``.
    ///
    /// - Returns: Whether more is to be opened.
    func openMissing(atMost count: Int) -> Bool {
        for _ in 0..<count {
            guard let place = missing.popLast() else { return false }
            do throws(HTTPServiceError) {
                let socket = try ListeningSocket(place.address, port: place.port).release()
                try watch(socket, place.port)
                sockets[place] = socket
            } catch {
                problems.append(PortProblem(port: place.port, error: error))
            }
        }
        return !missing.isEmpty
    }

    private func watch(_ socket: Int32, _ port: UInt16?) throws(HTTPServiceError) {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: socket))
        guard epoll_ctl(descriptor, EPOLL_CTL_ADD, socket, &event) == 0 else {
            let code = errno
            close(socket)
            throw HTTPServiceError(.listening(code), at: port.map { "port \($0)" } ?? "Unix socket")
        }
        ports[socket] = port
    }

    // MARK: Connections

    /// Accepts connections that wait, of each port some: what is left makes ``descriptor`` readable again.
    ///
    /// - Parameters:
    ///   - makeRoom: Closes a connection because there are no descriptors left; whether there was one to close.
    ///   - take: Is given each connection as a socket that does not block, with its other end and the port, and closes
    ///     it; whether more are wanted.
    func acceptPending(
        makeRoom: () -> Bool, take: (_ connection: Int32, _ peer: SocketAddress, _ port: UInt16?) -> Bool
    ) {
        var events = [epoll_event](repeating: epoll_event(), count: Self.socketsAtOnce)
        let count = epoll_wait(descriptor, &events, Int32(events.count), 0)
        isShort = false
        for event in events.prefix(Int(max(0, count))) {
            let listener = event.data.fd
            guard let port = ports[listener] else { continue }
            for _ in 0..<Self.connectionsAtOnce {
                let (connection, peer) = SocketAddress.accept(listener)
                if connection >= 0 {
                    guard take(connection, peer, port) else { return }
                } else if !goesOn(listener, errno, makeRoom) {
                    break
                }
            }
        }
    }

    /// Whether to try again after an error of `accept`.
    private func goesOn(_ listener: Int32, _ code: Int32, _ makeRoom: () -> Bool) -> Bool {
        switch code {
        case EAGAIN: return false
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            if makeRoom() { return true }
            // Left waiting, it would wake the loop again and again.
            close(spare)
            close(csystem_accept(listener))
            spare = Self.openSpare()
            isShort = spare < 0
            return false
        // Connections that broke before they were accepted (accept(2)).
        case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, EOPNOTSUPP,
            ENETUNREACH:
            return true
        default:
            isShort = true
            return false
        }
    }

    private static func openSpare() -> Int32 { Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }
}

/// A port that cannot be listened on, for now.
package struct PortProblem: Hashable, Sendable {
    package let port: UInt16
    package let error: HTTPServiceError
}

extension PortProblem: CustomStringConvertible {
    /// `0.0.0.0:32100: cannot listen: another process does; …`.
    package var description: String { error.description }
}
