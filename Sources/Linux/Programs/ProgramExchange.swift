internal import CSystem
internal import Glibc

/// What goes to a program and comes from it, all at the same time, so that neither side waits for the other for ever.
struct ProgramExchange: ~Copyable {
    private var input: Descriptor?
    private var output: Descriptor?
    private var error: Descriptor?
    private(set) var outputBytes: [UInt8] = []
    private(set) var errorBytes: [UInt8] = []
    private var sent = 0
    private var chunk = [UInt8](repeating: 0, count: 64 << 10)

    /// Takes our ends of the pipes, which must not block.
    init(input: consuming Descriptor, output: consuming Descriptor, error: consuming Descriptor) {
        self.input = consume input
        self.output = consume output
        self.error = consume error
    }

    /// Writes everything, and reads until the program has closed both of its outputs.
    mutating func run(
        sending bytes: [UInt8], outputLimit: Int, errorLimit: Int, until deadline: ContinuousClock.Instant
    ) throws(ProgramFailure) {
        let signals = PipeSignal()
        defer { signals.restore() }
        if bytes.isEmpty { input = nil }
        while output != nil || error != nil {
            let ready = try waitForAny(until: deadline)
            if ready[0] { send(bytes) }
            if ready[1] { try receiveOutput(limit: outputLimit) }
            if ready[2] { receiveError(limit: errorLimit) }
        }
        input = nil
    }

    /// Whether there is something to do with each of the three.
    private func waitForAny(until deadline: ContinuousClock.Instant) throws(ProgramFailure) -> [Bool] {
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { throw .late }
        var entries = [
            pollfd(fd: Self.value(input), events: Int16(POLLOUT), revents: 0),
            pollfd(fd: Self.value(output), events: Int16(POLLIN), revents: 0),
            pollfd(fd: Self.value(error), events: Int16(POLLIN), revents: 0),
        ]
        let (seconds, attoseconds) = left.components
        let milliseconds = Int32(clamping: seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1)
        guard poll(&entries, nfds_t(entries.count), milliseconds) >= 0 || errno == EINTR else {
            throw ProgramFailure("poll", errno)
        }
        return entries.map { $0.revents != 0 }
    }

    private static func value(_ descriptor: borrowing Descriptor?) -> Int32 {
        switch descriptor {
        case .some(let descriptor): descriptor.value
        case .none: -1
        }
    }

    /// A program that closes its input early does not want the rest.
    private mutating func send(_ bytes: [UInt8]) {
        let count = bytes[sent...].withUnsafeBytes { write(Self.value(input), $0.baseAddress, $0.count) }
        if count > 0 { sent += count }
        if sent == bytes.count || (count < 0 && !Self.isTemporary(errno)) { input = nil }
    }

    private mutating func receiveOutput(limit: Int) throws(ProgramFailure) {
        guard let count = receive(Self.value(output)) else {
            output = nil
            return
        }
        guard outputBytes.count + count <= limit else {
            throw ProgramFailure("killed, for it wrote more than \(limit) bytes")
        }
        outputBytes += chunk[..<count]
    }

    private mutating func receiveError(limit: Int) {
        guard let count = receive(Self.value(error)) else {
            error = nil
            return
        }
        errorBytes += chunk[..<min(count, limit - errorBytes.count)]
    }

    /// How many bytes of the chunk were filled; `nil` at the end.
    private mutating func receive(_ descriptor: Int32) -> Int? {
        let count = read(descriptor, &chunk, chunk.count)
        if count > 0 { return count }
        return count < 0 && Self.isTemporary(errno) ? 0 : nil
    }

    private static func isTemporary(_ code: Int32) -> Bool { code == EAGAIN || code == EINTR }
}

/// Keeps SIGPIPE away from the calling thread while it writes to a pipe whose reader may go.
struct PipeSignal {
    private var set = sigset_t()
    private var before = sigset_t()
    private let wasPending: Bool

    /// Blocks it.
    init() {
        var pending = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGPIPE)
        sigpending(&pending)
        wasPending = sigismember(&pending, SIGPIPE) == 1
        pthread_sigmask(SIG_BLOCK, &set, &before)
    }

    /// Takes back one that has come meanwhile, and lets others through as before.
    func restore() {
        var (set, before, now) = (set, before, timespec())
        if !wasPending {
            while sigtimedwait(&set, nil, &now) < 0 && errno == EINTR {}
        }
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}

/// A pipe to or from a program. Both ends are closed at `exec`, unless they are given to the program by name.
struct ProgramPipe: ~Copyable {
    let reader: Descriptor
    let writer: Descriptor

    init() throws(ProgramFailure) {
        var ends: (Int32, Int32) = (-1, -1)
        let code = withUnsafeMutableBytes(of: &ends) {
            csystem_pipe($0.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard code == 0 else { throw ProgramFailure("pipe", errno) }
        reader = Descriptor(ends.0)
        writer = Descriptor(ends.1)
    }

    /// The end to read from, which no longer blocks; the other one is closed.
    consuming func keepReader() -> Descriptor { reader.withoutBlocking() }

    /// The end to write to, which no longer blocks; the other one is closed.
    consuming func keepWriter() -> Descriptor { writer.withoutBlocking() }
}

extension Descriptor {
    fileprivate consuming func withoutBlocking() -> Descriptor {
        _ = fcntl(value, F_SETFL, fcntl(value, F_GETFL) | O_NONBLOCK)
        return self
    }
}

/// A file descriptor that is closed with its owner; negative for none.
package struct Descriptor: ~Copyable {
    package let value: Int32

    package init(_ value: Int32) { self.value = value }

    deinit {
        if value >= 0 { close(value) }
    }
}
