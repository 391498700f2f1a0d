import TestSupport
import Testing

@testable import Netlink

private func channel(_ transport: ScriptedTransport, capacity: Int = 4096) -> GenericNetlinkChannel {
    GenericNetlinkChannel(transport: transport, family: 0x20, version: 1, sendCapacity: capacity)
}

/// Collects the attribute types of a dump.
private func dump(_ channel: GenericNetlinkChannel) throws(NetlinkError) -> [Int] {
    try channel.dump("list", command: 4, initial: []) { (types: inout [Int], cursor) throws(NetlinkError) in
        while let attribute = try cursor.next() { types.append(attribute.type) }
    }
}

private func attribute(_ type: UInt16) -> [UInt8] { WireBytes.attribute(type, [0]) }

@Suite struct DumpTests {
    @Test func answersOfSeveralDatagramsAreJoined() throws {
        let transport = ScriptedTransport { _, sequences in
            let sequence = sequences[0]
            return [
                .datagram(
                    WireBytes.reply(sequence: sequence, attribute(1))
                        + WireBytes.reply(sequence: sequence, attribute(2))),
                .datagram(WireBytes.reply(sequence: sequence, attribute(3))),
                .datagram(WireBytes.done(sequence: sequence)),
            ]
        }
        #expect(try dump(channel(transport)) == [1, 2, 3])
    }

    @Test func otherSequencesAreIgnored() throws {
        let transport = ScriptedTransport { _, sequences in
            let sequence = sequences[0]
            return [
                .datagram(
                    WireBytes.reply(sequence: sequence &- 1, attribute(9)) + WireBytes.done(sequence: sequence &- 1)),
                .datagram(WireBytes.verdict(1, sequence: sequence &+ 1)),
                .datagram(WireBytes.reply(sequence: sequence, attribute(1)) + WireBytes.done(sequence: sequence)),
            ]
        }
        #expect(try dump(channel(transport)) == [1])
    }

    @Test func anInterruptedDumpBeginsAgain() throws {
        let transport = ScriptedTransport { attempt, sequences in
            let sequence = sequences[0]
            let flags: UInt16 = attempt < 2 ? 0x12 : 2
            return [
                .datagram(WireBytes.reply(sequence: sequence, flags: 2, attribute(UInt16(attempt)))),
                .datagram(WireBytes.reply(sequence: sequence, flags: flags, attribute(UInt16(attempt + 10)))),
                .datagram(WireBytes.done(sequence: sequence)),
            ]
        }
        #expect(try dump(channel(transport)) == [2, 12])
        #expect(transport.sent.count == 3)
    }

    @Test func theEndMaySayThatItWasInterrupted() throws {
        let transport = ScriptedTransport { attempt, sequences in
            [
                .datagram(
                    WireBytes.reply(sequence: sequences[0], attribute(1))
                        + WireBytes.done(sequence: sequences[0], flags: attempt == 0 ? 0x12 : 2))
            ]
        }
        #expect(try dump(channel(transport)) == [1])
        #expect(transport.sent.count == 2)
    }

    @Test func interruptionsForEverAreGivenUp() {
        let transport = ScriptedTransport { _, sequences in
            [.datagram(WireBytes.done(sequence: sequences[0], flags: 0x12))]
        }
        #expect(
            throws: NetlinkError(.dumpInterrupted, operation: "list", message: "the table changed during 8 attempts")
        ) {
            try dump(channel(transport))
        }
    }

    @Test func refusalsCarryErrnoAndExplanation() {
        let byError = ScriptedTransport { _, sequences in
            [.datagram(WireBytes.verdict(1, sequence: sequences[0], explanation: "no"))]
        }
        #expect(throws: NetlinkError(.refused(1), operation: "list", message: "no")) { try dump(channel(byError)) }
        let byEnd = ScriptedTransport { _, sequences in [.datagram(WireBytes.done(3, sequence: sequences[0]))] }
        #expect(throws: NetlinkError(.refused(3), operation: "list")) { try dump(channel(byEnd)) }
        #expect(byError.resets == 0 && byEnd.resets == 0)
    }

    @Test(
        arguments: [(105, NetlinkError.Kind.answersLost), (11, .timedOut), (9, .system(9))]
            as [(Int32, NetlinkError.Kind)])
    func failedCallsStartTheSocketAnew(_ errno: Int32, _ kind: NetlinkError.Kind) throws {
        let transport = ScriptedTransport { attempt, sequences in
            attempt == 0
                ? [.datagram(WireBytes.reply(sequence: sequences[0], attribute(7))), .failure(errno)]
                : [
                    .datagram(
                        WireBytes.reply(sequence: sequences[0], attribute(1)) + WireBytes.done(sequence: sequences[0]))
                ]
        }
        let channel = channel(transport)
        #expect(throws: NetlinkError(kind, operation: "list")) { try dump(channel) }
        #expect(transport.resets == 1)
        #expect(try dump(channel) == [1])
    }

    @Test func aDatagramThatDidNotFitIsAnError() {
        let transport = ScriptedTransport { _, sequences in
            [.truncated(WireBytes.reply(sequence: sequences[0], attribute(1)))]
        }
        #expect(throws: NetlinkError(.truncated, operation: "list")) { try dump(channel(transport)) }
        #expect(transport.resets == 1)
    }

    @Test func nonsenseIsAnErrorAndStartsAnew() {
        let transport = ScriptedTransport { _, sequences in
            [.datagram(WireBytes.reply(sequence: sequences[0], [0, 0, 1, 0]))]
        }
        #expect(throws: NetlinkError.self) { try dump(channel(transport)) }
        #expect(transport.resets == 1)
    }
}

@Suite struct BatchTests {
    private func send(_ channel: GenericNetlinkChannel, _ count: Int, size: Int = 4) throws(NetlinkError)
        -> [BatchFailure]
    {
        try channel.sendBatch(
            "apply", count: count, command: { _ in 1 },
            message: { _, builder in builder.put(1, string: String(repeating: "x", count: size - 1)) })
    }

    @Test func onlyTheLastMessageAsksForAnAcknowledgement() throws {
        let transport = ScriptedTransport { _, sequences in [.datagram(WireBytes.verdict(0, sequence: sequences.last!))]
        }
        #expect(try send(channel(transport), 3).isEmpty)
        let flags = [0, 28, 56].map { transport.sent[0][$0 + 6] }
        #expect(transport.sent.count == 1 && flags == [1, 1, 5])
    }

    @Test func errorsAreFoundByTheirSequence() throws {
        let transport = ScriptedTransport { _, sequences in
            [
                .datagram(WireBytes.verdict(17, sequence: sequences[1], explanation: "exists")),
                .datagram(WireBytes.verdict(3, sequence: sequences[3]) + WireBytes.verdict(2, sequence: sequences[4])),
            ]
        }
        #expect(
            try send(channel(transport), 5) == [
                BatchFailure(index: 1, errno: 17, message: "exists"), BatchFailure(index: 3, errno: 3),
                BatchFailure(index: 4, errno: 2),
            ])
    }

    @Test(arguments: [(1_300, 1 << 20, [512, 512, 276]), (10, 100, [3, 3, 3, 1])] as [(Int, Int, [Int])])
    func longBatchesAreSplitAndIndicesStayRight(_ count: Int, _ capacity: Int, _ parts: [Int]) throws {
        // The first of each datagram is refused.
        let transport = ScriptedTransport { _, sequences in
            [
                .datagram(WireBytes.verdict(22, sequence: sequences[0])),
                .datagram(WireBytes.verdict(0, sequence: sequences.last!)),
            ]
        }
        let failures = try send(channel(transport, capacity: capacity), count)
        #expect(transport.sent.map { ScriptedTransport.sequences($0).count } == parts)
        let starts = parts.indices.map { parts[..<$0].reduce(0, +) }
        // Where a part has one message, its refusal is its acknowledgement.
        #expect(failures == starts.map { BatchFailure(index: $0, errno: 22) })
    }

    @Test func nothingIsSentForNothing() throws {
        let transport = ScriptedTransport { _, _ in [] }
        #expect(try send(channel(transport), 0).isEmpty)
        #expect(transport.sent.isEmpty)
    }

    @Test func aMessageLargerThanTheBufferIsAnError() {
        let transport = ScriptedTransport { _, _ in [] }
        #expect(throws: NetlinkError.self) { try send(channel(transport, capacity: 64), 1, size: 100) }
        #expect(transport.sent.isEmpty)
    }

    @Test func lateAnswersOfALostBatchAreNotMistaken() throws {
        var late: [UInt8] = []
        let transport = ScriptedTransport { attempt, sequences in
            if attempt == 0 {
                late = WireBytes.verdict(17, sequence: sequences[0]) + WireBytes.verdict(0, sequence: sequences.last!)
                return [.failure(105)]
            }
            return [.datagram(late), .datagram(WireBytes.verdict(0, sequence: sequences.last!))]
        }
        let channel = channel(transport)
        #expect(throws: NetlinkError(.answersLost, operation: "apply")) { try send(channel, 4) }
        #expect(try send(channel, 4).isEmpty)
    }

    @Test func anAnswerThatNeverComesIsATimeOut() {
        let transport = ScriptedTransport { _, sequences in [.datagram(WireBytes.verdict(17, sequence: sequences[0]))] }
        #expect(throws: NetlinkError(.timedOut, operation: "apply")) { try send(channel(transport), 2) }
    }
}
