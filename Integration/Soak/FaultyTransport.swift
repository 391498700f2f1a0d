import Glibc
import Netlink

/// The kernel's netlink, with what may go wrong on the way going wrong at random moments.
final class FaultyTransport: NetlinkTransport {
    private enum Fault: String {
        /// The request never reaches the kernel.
        case notSent = "a request was not sent (ENOBUFS)"
        /// The kernel carries the request out, and the caller hears of a failure.
        case sentInVain = "a request was carried out, but its sending failed (EINTR)"
        /// The kernel has answered, and the answer did not fit the queue.
        case answerLost = "an answer was lost (ENOBUFS)"
        /// The answer is there too late.
        case answerLate = "an answer did not come in time (EAGAIN)"
        case answerInterrupted = "a wait for an answer was interrupted (EINTR)"
        /// An answer to an earlier request comes once more.
        case answerRepeated = "an old answer came again"
        case noSocket = "a new socket could not be had (EMFILE)"
        case killed = "the process was killed between two requests"
    }

    private let socket: GenericNetlinkSocket
    private let random: SoakRandom
    private let figures: SoakFigures
    /// The share of system calls that go wrong.
    var rate = 0.0
    /// What somebody else does before a request goes out.
    var interlude: (() -> Void)?
    /// How many requests the process still lives for, if it is to be killed.
    var remainingRequests: Int?
    private var isDead = false
    /// The last answer to the last request, and to the one before.
    private var lastAnswer: [UInt8] = []
    private var oldAnswer: [UInt8] = []

    init(_ socket: GenericNetlinkSocket, random: SoakRandom, figures: SoakFigures) {
        self.socket = socket
        self.random = random
        self.figures = figures
    }

    func send(_ bytes: UnsafeRawBufferPointer) throws(TransportError) {
        try live()
        interlude?()
        (oldAnswer, lastAnswer) = (lastAnswer, [])
        switch fault([.notSent, .sentInVain]) {
        case .notSent: throw TransportError(errno: ENOBUFS)
        case .sentInVain:
            try socket.send(bytes)
            throw TransportError(errno: EINTR)
        default: try socket.send(bytes)
        }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> ReceivedDatagram {
        guard !isDead else { throw TransportError(errno: EIO) }
        switch fault([.answerLost, .answerLate, .answerInterrupted, .answerRepeated]) {
        case .answerLost:
            _ = try socket.receive(into: buffer)
            throw TransportError(errno: ENOBUFS)
        case .answerLate: throw TransportError(errno: EAGAIN)
        case .answerInterrupted: throw TransportError(errno: EINTR)
        case .answerRepeated where !oldAnswer.isEmpty:
            buffer.copyBytes(from: oldAnswer)
            return ReceivedDatagram(count: oldAnswer.count)
        default:
            let datagram = try socket.receive(into: buffer)
            if rate > 0 { lastAnswer = Array(buffer[..<datagram.count]) }
            return datagram
        }
    }

    func reset() throws(TransportError) {
        guard !isDead else { throw TransportError(errno: EIO) }
        try socket.reset()
        if fault([.noSocket], times: 10) != nil { throw TransportError(errno: EMFILE) }
    }

    /// One of the faults, when it is time for one.
    private func fault(_ faults: [Fault], times factor: Double = 1) -> Fault? {
        guard random.happens(rate * factor) else { return nil }
        let fault = random.one(of: faults)
        figures.count("fault: \(fault.rawValue)")
        return fault
    }

    /// Dies when it is time for it: nothing reaches the kernel from then on.
    private func live() throws(TransportError) {
        guard let remaining = remainingRequests else { return }
        if remaining == 0, !isDead {
            isDead = true
            figures.count("fault: \(Fault.killed.rawValue)")
        }
        guard !isDead else { throw TransportError(errno: EIO) }
        remainingRequests = remaining - 1
    }
}
