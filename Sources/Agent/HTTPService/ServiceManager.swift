internal import CSystem
internal import Glibc
internal import Sockets

/// The service manager that started this process, if it wants to hear from it (`sd_notify(3)`).
package struct ServiceManager: Sendable {
    /// How often to send `WATCHDOG=1`: half of the time after which the manager takes the process for hung. `nil` if
    /// it does not watch.
    package let watchdogInterval: Duration?
    private let address: SocketAddress?

    /// - Parameters:
    ///   - environment: `NOTIFY_SOCKET` (a path, or `@` and an abstract name), `WATCHDOG_USEC` and `WATCHDOG_PID`.
    ///   - processIdentifier: This process: a watchdog for another is not for this one.
    package init(environment: [String: String], processIdentifier: Int32 = getpid()) {
        let socket = environment["NOTIFY_SOCKET"] ?? ""
        // Anything else is a kind of socket that is not known here, as vsock.
        address =
            switch socket.first {
            case "/": SocketAddress(path: socket)
            case "@": SocketAddress(abstractName: String(socket.dropFirst()))
            default: nil
            }
        let isForAnother = environment["WATCHDOG_PID"].map { Int32($0) != processIdentifier } ?? false
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = isForAnother || microseconds <= 0 ? nil : .microseconds(microseconds) / 2
    }

    /// Whether somebody wants to hear.
    package var isListening: Bool { address != nil }

    /// Tells the manager, in one datagram: `READY=1`, `STATUS=…`, `WATCHDOG=1`. Never waits.
    ///
    /// - Parameter lines: Assignments; a line break in one becomes a space.
    package func notify(_ lines: [String]) {
        guard let address else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let text = lines.map { line in String(line.map { $0.isNewline ? " " : $0 }) }.joined(separator: "\n")
        let bytes = Array(text.utf8)
        // Errors are passed over on purpose: a manager that does not listen is no reason to stop working, and it has
        // means of its own to see that it hears nothing.
        _ = address.withPointer { pointer, length in
            sendto(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), pointer, length)
        }
    }
}
