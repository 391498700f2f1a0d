internal import CSystem
internal import Glibc
internal import HealthChecks
internal import LoadBalancing
internal import Programs

/// One attempt of a check. It is over with the first finding.
protocol Attempt: AnyObject {
    /// Begins; a finding when it is over at once.
    func start() -> Finding?
    /// Something has come at its descriptor.
    func handle() -> Finding?
    /// The time is over.
    func expire() -> Finding
}

/// A conversation over a socket of its own.
final class SocketAttempt: Attempt {
    private let subject: CheckSubject
    private let poller: Poller
    private let key: UInt64
    private var conversation: any Conversation
    private let open: (ServerCheck, Endpoint) throws(ProbeSocket.Failure) -> Int32
    private var socket = -1 as Int32
    private var isOpen = false
    private var outgoing: ArraySlice<UInt8> = []
    private var isWatchingOutput = false

    /// Reads of one turn: a stranger that sends without end holds up no other check.
    private static let readsAtOnce = 4

    init(
        _ subject: CheckSubject, _ conversation: any Conversation, _ poller: Poller, key: UInt64,
        open: @escaping (ServerCheck, Endpoint) throws(ProbeSocket.Failure) -> Int32
    ) {
        self.subject = subject
        self.conversation = conversation
        self.poller = poller
        self.key = key
        self.open = open
    }

    deinit {
        if socket >= 0 { close(socket) }
    }

    func start() -> Finding? {
        let target = subject.check.target(of: subject.realServer)
        do throws(ProbeSocket.Failure) {
            socket = try open(subject.check, target)
        } catch {
            return error.finding
        }
        switch ProbeSocket.connect(socket, to: target) {
        case 0:
            guard poller.add(socket, key: key, output: false) else { return .error(errno, "epoll") }
            return begin()
        case EINPROGRESS:
            isWatchingOutput = true
            return poller.add(socket, key: key, output: true) ? nil : .error(errno, "epoll")
        case let code: return .error(code)
        }
    }

    func handle() -> Finding? {
        guard isOpen else {
            let code = ProbeSocket.error(at: socket)
            return code == 0 ? begin() : .error(code)
        }
        if let finding = flush() { return finding }
        return receive()
    }

    func expire() -> Finding {
        isOpen || !conversation.isStream
            ? conversation.expire(after: subject.check.timeout)
            : .down("no connection within \(subject.check.timeout.shortText)")
    }

    private func begin() -> Finding? {
        isOpen = true
        return take(conversation.open())
    }

    private func take(_ step: Step) -> Finding? {
        switch step {
        case .wait: return flush()
        case .send(let bytes):
            outgoing += bytes
            return conversation.isStream ? flush() : sendDatagram()
        case .over(let finding, let farewell):
            if !farewell.isEmpty { _ = send(farewell[...]) }
            return finding
        }
    }

    private func receive() -> Finding? {
        for _ in 0..<Self.readsAtOnce {
            let count = recv(socket, poller.buffer.baseAddress, poller.buffer.count, 0)
            guard count >= 0 else { return errno == EAGAIN || errno == EINTR ? nil : .error(errno) }
            if count == 0, conversation.isStream { return conversation.close() }
            if let finding = take(conversation.receive(Array(poller.buffer[..<count])[...])) { return finding }
        }
        return nil
    }

    private func sendDatagram() -> Finding? {
        let count = send(outgoing)
        outgoing = []
        return count >= 0 || errno == EAGAIN ? nil : .error(errno)
    }

    /// Sends what waits, and asks to be told when more can go.
    private func flush() -> Finding? {
        while !outgoing.isEmpty {
            let count = send(outgoing)
            if count < 0, errno != EAGAIN { return .error(errno) }
            if count < 0 { break }
            outgoing = outgoing.dropFirst(count)
        }
        guard isWatchingOutput == outgoing.isEmpty else { return nil }
        isWatchingOutput = !outgoing.isEmpty
        return poller.change(socket, key: key, output: isWatchingOutput) ? nil : .error(errno, "epoll")
    }

    private func send(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}

/// An `epoll` descriptor, and the memory that is read into, for all attempts in turn.
final class Poller {
    let descriptor: Int32
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
    private var events = [epoll_event](repeating: epoll_event(), count: 512)

    init() throws(CheckerError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw CheckerError("epoll_create1", errno) }
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    /// Waits until something comes; the keys of what it is, with what `epoll` says of each.
    func wait(milliseconds: Int32, _ take: (UInt64, UInt32) -> Void) {
        let count = epoll_wait(descriptor, &events, Int32(events.count), milliseconds)
        for event in events.prefix(Int(max(0, count))) { take(event.data.u64, event.events) }
    }

    func add(_ descriptor: Int32, key: UInt64, input: Bool = true, output: Bool) -> Bool {
        control(EPOLL_CTL_ADD, descriptor, key, input, output)
    }

    func change(_ descriptor: Int32, key: UInt64, input: Bool = true, output: Bool) -> Bool {
        control(EPOLL_CTL_MOD, descriptor, key, input, output)
    }

    func remove(_ descriptor: Int32) { _ = control(EPOLL_CTL_DEL, descriptor, 0, false, false) }

    private func control(_ operation: Int32, _ descriptor: Int32, _ key: UInt64, _ input: Bool, _ output: Bool) -> Bool
    {
        let wanted = (input ? EPOLLIN.rawValue : 0) | (output ? EPOLLOUT.rawValue : 0)
        var event = epoll_event(events: wanted, data: epoll_data_t(u64: key))
        return epoll_ctl(self.descriptor, operation, descriptor, &event) == 0
    }
}

extension Duration {
    /// `3 s`, or `250 ms`.
    var shortText: String {
        let milliseconds = nanoseconds / 1_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}
