internal import CNetlink
internal import Glibc

/// Requests and answers over one transport, with one send buffer and one receive buffer for its whole life.
///
/// Sequence numbers only grow, so the late answers of a request that failed are never taken for another's.
package final class NetlinkChannel {
    private let transport: any NetlinkTransport
    private var builder: MessageBuilder
    private let receiveBuffer: UnsafeMutableRawBufferPointer
    private var nextSequence: UInt32 = 1

    /// The most messages of one datagram: larger batches bring nothing, and each may cost an answer.
    package static let batchLimit = 512
    /// How often a dump that the kernel calls inconsistent is begun again.
    package static let dumpAttempts = 8

    /// Bytes of one datagram out, unless told.
    package static let defaultSendCapacity = 128 << 10

    /// - Parameter sendCapacity: Bytes of one datagram out.
    package init(transport: any NetlinkTransport, sendCapacity: Int = defaultSendCapacity) {
        self.transport = transport
        builder = MessageBuilder(capacity: sendCapacity)
        // The kernel fills datagrams of dumps up to 32 KiB.
        receiveBuffer = .allocate(byteCount: 64 << 10, alignment: 8)
    }

    deinit { receiveBuffer.deallocate() }

    /// Collects a dump: `reduce` sees each message.
    ///
    /// A dump that was interrupted by a change begins again from `initial`.
    package func dump<Value>(
        _ operation: String, _ head: MessageHead, initial: Value,
        request: (inout MessageBuilder) -> Void = { _ in },
        reduce: (inout Value, borrowing Message) throws(NetlinkError) -> Void
    ) throws(NetlinkError) -> Value {
        for _ in 0..<Self.dumpAttempts {
            var value = initial
            let sequence = try sendRequest(operation, head, flags: NLM_F_DUMP, request)
            if try receiveDump(operation, sequence, &value, reduce) { return value }
        }
        throw NetlinkError(
            .dumpInterrupted, operation: operation, message: "the table changed during \(Self.dumpAttempts) attempts")
    }

    /// Asks for one message, which comes alone: an error takes its place.
    package func get<Value>(
        _ operation: String, _ head: MessageHead, initial: Value,
        request: (inout MessageBuilder) -> Void = { _ in },
        reduce: (inout Value, borrowing Message) throws(NetlinkError) -> Void
    ) throws(NetlinkError) -> Value {
        let sequence = try sendRequest(operation, head, flags: 0, request)
        var value = initial
        _ = try receiveDump(operation, sequence, &value, isSingle: true, reduce)
        return value
    }

    /// Sends `count` messages in as few datagrams as possible and returns those that the kernel refused, in order.
    ///
    /// Only the last message of a datagram asks for an acknowledgement; an error answers for its own sequence number.
    ///
    /// - Parameters:
    ///   - head: What stands in front of the message with that index.
    ///   - message: Writes its attributes.
    package func sendBatch(
        _ operation: String, count: Int, head: (Int) -> MessageHead, message: (Int, inout MessageBuilder) -> Void
    ) throws(NetlinkError) -> [BatchFailure] {
        var failures: [BatchFailure] = []
        var next = 0
        while next < count {
            let limit = min(count, next + Self.batchLimit)
            let end = try encodeBatch(operation, next..<limit, head, message)
            try transmit(operation)
            try receiveAcknowledgements(operation, of: next..<end, &failures)
            next = end
        }
        return failures
    }

    /// Sends messages in one datagram that the kernel carries out as a whole, and returns the first refusal; then
    /// nothing was changed.
    ///
    /// Only the last message but one asks for an acknowledgement, which comes after all refusals: the first and the
    /// last are the brackets (`NFNL_MSG_BATCH_BEGIN` and `_END`) that kernels before 6.10 acknowledge not at all.
    ///
    /// - Parameters:
    ///   - head: What stands in front of the message with that index.
    ///   - message: Writes its attributes.
    package func sendTransaction(
        _ operation: String, count: Int, head: (Int) -> MessageHead, message: (Int, inout MessageBuilder) -> Void
    ) throws(NetlinkError) -> BatchFailure? {
        builder.removeAll()
        let first = takeSequences(count)
        for index in 0..<count {
            let flags = NLM_F_REQUEST | (index == count - 2 ? NLM_F_ACK : 0)
            write(head(index), flags: flags, first &+ UInt32(index)) { message(index, &$0) }
        }
        guard !builder.overflowed else { throw tooLarge(operation) }
        try transmit(operation)
        var failure: BatchFailure?
        try receive(operation) { (message: borrowing Message) throws(NetlinkError) -> Step in
            let offset = Int(message.sequence &- first)
            guard offset < count, Int32(message.type) == NLMSG_ERROR else { return .goOn }
            let verdict = try Acknowledgement(message)
            guard verdict.errno != 0 else { return offset == count - 2 ? .finished : .goOn }
            failure = BatchFailure(index: offset, errno: verdict.errno, message: verdict.message)
            return .finished
        }
        return failure
    }
}

// MARK: - Sending

extension NetlinkChannel {
    private func sendRequest(
        _ operation: String, _ head: MessageHead, flags: Int32, _ request: (inout MessageBuilder) -> Void
    ) throws(NetlinkError) -> UInt32 {
        builder.removeAll()
        let sequence = takeSequences(1)
        write(head, flags: NLM_F_REQUEST | flags, sequence, request)
        guard !builder.overflowed else { throw tooLarge(operation) }
        try transmit(operation)
        return sequence
    }

    /// Writes messages until the buffer is full, and returns the index behind the last one written.
    private func encodeBatch(
        _ operation: String, _ indices: Range<Int>, _ head: (Int) -> MessageHead,
        _ message: (Int, inout MessageBuilder) -> Void
    ) throws(NetlinkError) -> Int {
        builder.removeAll()
        var lastStart = 0
        var end = indices.lowerBound
        for index in indices {
            let start = builder.count
            write(head(index), flags: NLM_F_REQUEST, nextSequence &+ UInt32(index - indices.lowerBound)) {
                message(index, &$0)
            }
            if builder.overflowed {
                builder.removeAll(after: start)
                break
            }
            lastStart = start
            end = index + 1
        }
        guard end > indices.lowerBound else { throw tooLarge(operation) }
        builder.addFlags(UInt16(NLM_F_ACK), toMessageAt: lastStart)
        return end
    }

    private func write(
        _ head: MessageHead, flags: Int32, _ sequence: UInt32, _ attributes: (inout MessageBuilder) -> Void
    ) {
        builder.beginMessage(head, flags: UInt16(flags), sequence: sequence)
        attributes(&builder)
        builder.endMessage()
    }

    private func transmit(_ operation: String) throws(NetlinkError) {
        do {
            try transport.send(builder.bytes)
        } catch {
            throw try abandon(operation, error)
        }
    }

    private func takeSequences(_ count: Int) -> UInt32 {
        defer { nextSequence &+= UInt32(count) }
        return nextSequence
    }

    private func tooLarge(_ operation: String) -> NetlinkError {
        NetlinkError(.system(EMSGSIZE), operation: operation, message: "a message does not fit the send buffer")
    }
}

// MARK: - Receiving

extension NetlinkChannel {
    /// Whether to go on receiving.
    private enum Step { case goOn, finished }

    /// Reads the answers of one request to their end; returns `false` if the kernel calls them inconsistent.
    private func receiveDump<Value>(
        _ operation: String, _ sequence: UInt32, _ value: inout Value, isSingle: Bool = false,
        _ reduce: (inout Value, borrowing Message) throws(NetlinkError) -> Void
    ) throws(NetlinkError) -> Bool {
        var isConsistent = true
        try receive(operation) { (message: borrowing Message) throws(NetlinkError) -> Step in
            guard message.sequence == sequence else { return .goOn }
            if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isConsistent = false }
            switch Int32(message.type) {
            case NLMSG_NOOP:
                return .goOn
            case NLMSG_DONE, NLMSG_ERROR:
                let verdict = try Acknowledgement(message)
                guard verdict.errno == 0 else {
                    throw NetlinkError(.refused(verdict.errno), operation: operation, message: verdict.message)
                }
                return .finished
            default:
                guard isConsistent else { return .goOn }
                try reduce(&value, message)
                return isSingle ? .finished : .goOn
            }
        }
        return isConsistent
    }

    private func receiveAcknowledgements(
        _ operation: String, of indices: Range<Int>, _ failures: inout [BatchFailure]
    ) throws(NetlinkError) {
        let first = takeSequences(indices.count)
        var found: [BatchFailure] = []
        try receive(operation) { (message: borrowing Message) throws(NetlinkError) -> Step in
            let offset = Int(message.sequence &- first)
            guard offset < indices.count, Int32(message.type) == NLMSG_ERROR else { return .goOn }
            let verdict = try Acknowledgement(message)
            if verdict.errno != 0 {
                found.append(
                    BatchFailure(
                        index: indices.lowerBound + offset, errno: verdict.errno, message: verdict.message))
            }
            return offset == indices.count - 1 ? .finished : .goOn
        }
        failures += found
    }

    /// Receives datagrams and hands their messages to `handle` until it has what it wants.
    private func receive(
        _ operation: String, _ handle: (borrowing Message) throws(NetlinkError) -> Step
    ) throws(NetlinkError) {
        while true {
            let datagram = try receiveDatagram(operation)
            let bytes = UnsafeRawBufferPointer(rebasing: receiveBuffer[..<datagram.count])
            do throws(NetlinkError) {
                var messages = MessageCursor(bytes.bytes)
                while let message = try messages.next() {
                    if try handle(message) == .finished { return }
                }
            } catch {
                // A refusal ends the request by itself; after anything else answers may still be on their way.
                if case .refused = error.kind { throw error }
                throw try abandon(error)
            }
        }
    }

    private func receiveDatagram(_ operation: String) throws(NetlinkError) -> ReceivedDatagram {
        do {
            let datagram = try transport.receive(into: receiveBuffer)
            guard datagram.isTruncated else { return datagram }
        } catch {
            throw try abandon(operation, error)
        }
        throw try abandon(NetlinkError(.truncated, operation: operation))
    }

    /// Makes the channel usable again after a failed system call, and names the failure.
    private func abandon(_ operation: String, _ error: TransportError) throws(NetlinkError) -> NetlinkError {
        let kind: NetlinkError.Kind =
            switch error.errno {
            case ENOBUFS: .answersLost
            case EAGAIN: .timedOut
            default: .system(error.errno)
            }
        return try abandon(NetlinkError(kind, operation: operation))
    }

    private func abandon(_ error: NetlinkError) throws(NetlinkError) -> NetlinkError {
        do {
            try transport.reset()
        } catch let failure {
            throw NetlinkError(.system(failure.errno), operation: "reopen the netlink socket after: \(error.operation)")
        }
        return error
    }
}
