internal import Glibc

/// Waits between two looks, until it is time, or until nobody wants to see more.
struct WatchWait: ~Copyable {
    private static let interrupt: UInt8 = 3

    private let signals: Signals

    /// Before any thread is made: all of them leave signals to this one.
    init() { signals = Signals() }

    /// Waits until then; false when the watch has to end.
    ///
    /// - Parameter keys: The descriptor of a terminal on which q and Ctrl-C end it.
    func sleep(until time: ContinuousClock.Instant, keys: Int32? = nil) -> Bool {
        while true {
            var polled = [
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
                // Only whether it was closed.
                pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
                pollfd(fd: keys ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let rest = (time - .now) / .milliseconds(1)
            let count = poll(&polled, nfds_t(polled.count), Int32(max(0, rest.rounded(.up))))
            if count == 0 { return true }
            if count < 0, errno == EINTR { continue }
            guard count > 0, polled[0].revents == 0, polled[1].revents == 0 else { return false }
            if let keys, wantsEnd(keys) { return false }
        }
    }

    /// Reads the keys that were pressed; the end of the terminal ends the watch too.
    private func wantsEnd(_ keys: Int32) -> Bool {
        var pressed = [UInt8](repeating: 0, count: 256)
        let count = read(keys, &pressed, pressed.count)
        guard count > 0 else { return count == 0 || (errno != EINTR && errno != EAGAIN) }
        return pressed[..<count].contains { [UInt8(ascii: "q"), UInt8(ascii: "Q"), Self.interrupt].contains($0) }
    }
}
