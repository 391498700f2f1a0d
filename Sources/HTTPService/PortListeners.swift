internal import CSystem
internal import Glibc
package import LoadBalancing

/// Listening sockets on many TCP ports, which come and go.
package final class PortListeners {
    /// Can be read when connections wait to be accepted (`epoll(7)`).
    package let descriptor: Int32
    /// The addresses to listen on; `nil` for every one that the host has or gets. A change counts from the next
    /// ``use(_:)``.
    package var addresses: [IPAddress]?

    private struct Place: Hashable, Comparable {
        let port: UInt16
        let address: IPAddress?

        static func < (left: Self, right: Self) -> Bool {
            if left.port != right.port { return left.port < right.port }
            guard let leftAddress = left.address, let rightAddress = right.address else { return false }
            return leftAddress < rightAddress
        }
    }

    private var sockets: [Place: Int32] = [:]
    /// Given up for a moment to get rid of connections when the process has no descriptors left.
    private var spare: Int32

    private static let socketsAtOnce = 64
    private static let connectionsAtOnce = 16

    /// Listens on nothing yet.
    ///
    /// - Throws: ``HTTPServiceError/Kind/listening(_:)``: the process has too many open files.
    package init(addresses: [IPAddress]? = nil) throws(HTTPServiceError) {
        self.addresses = addresses
        spare = Self.openSpare()
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw HTTPServiceError(.listening(errno), at: "epoll") }
    }

    deinit {
        for socket in sockets.values { close(socket) }
        close(spare)
        close(descriptor)
    }

    /// Listens on these ports and on no others. What stays is left alone.
    ///
    /// - Returns: The ports that cannot be listened on, at every address for itself. They are tried again at the next
    ///   call.
    package func use(_ ports: Set<UInt16>) -> [PortProblem] {
        let wanted = Set(addresses.map { $0.map(Optional.some) } ?? [nil]).flatMap { address in
            ports.map { Place(port: $0, address: address) }
        }
        for place in Set(sockets.keys).subtracting(wanted) {
            if let socket = sockets.removeValue(forKey: place) { close(socket) }
        }
        var problems: [PortProblem] = []
        for place in wanted.sorted() where sockets[place] == nil {
            do throws(HTTPServiceError) {
                sockets[place] = try watch(open(place), place)
            } catch {
                problems.append(PortProblem(port: place.port, error: error))
            }
        }
        return problems
    }

    /// Accepts the connections that wait, but not for ever: what is left makes ``descriptor`` readable again.
    ///
    /// - Parameter take: Is given each connection as a socket that does not block, and closes it.
    package func acceptPending(_ take: (_ connection: Int32) -> Void) {
        var events = [epoll_event](repeating: epoll_event(), count: Self.socketsAtOnce)
        let count = epoll_wait(descriptor, &events, Int32(events.count), 0)
        for event in events.prefix(Int(max(0, count))) {
            for _ in 0..<Self.connectionsAtOnce where !accept(event.data.fd, take) { break }
        }
    }

    /// Accepts a connection, if it can; whether to go on.
    private func accept(_ listener: Int32, _ take: (Int32) -> Void) -> Bool {
        let connection = csystem_accept(listener)
        if connection >= 0 {
            take(connection)
            return true
        }
        switch errno {
        case EAGAIN: return false
        case EMFILE, ENFILE:
            // Left waiting, it would wake the outer loop again and again.
            close(spare)
            close(csystem_accept(listener))
            spare = Self.openSpare()
            return false
        // Connections that broke before they were accepted (accept(2)).
        default: return true
        }
    }

    private func open(_ place: Place) throws(HTTPServiceError) -> Int32 {
        if let address = place.address { return try ListeningSocket(address, port: place.port).release() }
        do throws(HTTPServiceError) {
            return try ListeningSocket(IPAddress(v6High: 0, low: 0), port: place.port, isDual: true).release()
        } catch {
            // What a kernel without IPv6 says, or one that has it switched off.
            guard [.listening(EAFNOSUPPORT), .listening(EADDRNOTAVAIL)].contains(error.kind) else { throw error }
            return try ListeningSocket(IPAddress(v4: 0), port: place.port).release()
        }
    }

    private func watch(_ socket: Int32, _ place: Place) throws(HTTPServiceError) -> Int32 {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: socket))
        guard epoll_ctl(descriptor, EPOLL_CTL_ADD, socket, &event) == 0 else {
            let code = errno
            close(socket)
            throw HTTPServiceError(.listening(code), at: "port \(place.port)")
        }
        return socket
    }

    private static func openSpare() -> Int32 { Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }
}
