import Glibc
import TestSupport
import Testing

@testable import Netlink

/// A kernel in which the family `TEST` comes and goes.
private final class ChangingKernel {
    /// The family's number; `nil` while it is not there.
    var number: UInt16?
    var tells = false
    /// What each request was sent to, in order.
    private(set) var asked: [UInt16] = []
    /// Carried out when a batch arrives, before it is answered.
    var meanwhile: () -> Void = {}

    private static let controller: UInt16 = 0x10

    init(number: UInt16?) { self.number = number }

    private(set) lazy var transport: ScriptedTransport = ScriptedTransport { [unowned self] index, sequences in
        answer(to: transport.sent[index], sequences)
    }

    private func answer(to bytes: [UInt8], _ sequences: [UInt32]) -> [ScriptedTransport.Reply] {
        let type = UInt16(bytes[4]) | UInt16(bytes[5]) << 8
        asked.append(type)
        if type == Self.controller { return answerOfController(sequences[0]) }
        meanwhile()
        meanwhile = {}
        guard type == number else { return sequences.map { .datagram(WireBytes.verdict(ENOENT, sequence: $0)) } }
        let isDump = bytes[7] & 3 != 0
        guard isDump else { return [.datagram(WireBytes.verdict(0, sequence: sequences[sequences.count - 1]))] }
        return [
            .datagram(
                WireBytes.reply(sequence: sequences[0], WireBytes.attribute(7, [0]))
                    + WireBytes.done(sequence: sequences[0]))
        ]
    }

    private func answerOfController(_ sequence: UInt32) -> [ScriptedTransport.Reply] {
        guard let number else { return [.datagram(WireBytes.verdict(ENOENT, sequence: sequence))] }
        let attributes =
            WireBytes.attribute(2, Array("TEST".utf8) + [0]) + WireBytes.attribute(1, WireBytes.little(number))
        return [.datagram(WireBytes.reply(sequence: sequence, attributes))]
    }

    lazy var channel: GenericNetlinkChannel = {
        let family = GenericNetlinkFamily("TEST", version: 1, module: "test") { [unowned self] in
            defer { tells = false }
            return tells
        }
        return GenericNetlinkChannel(transport: transport, family: family)
    }()

    func dump() throws(NetlinkError) -> Int {
        try channel.dump("list", command: 4, initial: 0) { (count: inout Int, cursor) throws(NetlinkError) in
            while try cursor.next() != nil { count += 1 }
        }
    }

    func send(_ count: Int = 1) throws(NetlinkError) -> [BatchFailure] {
        try channel.sendBatch("change", count: count, command: { _ in 1 }) { _, _ in }
    }
}

@Suite struct GenericNetlinkFamilyTests {
    @Test func theNumberIsAskedForOnce() throws {
        let kernel = ChangingKernel(number: 0x20)
        #expect(try kernel.dump() == 1)
        #expect(try kernel.dump() == 1)
        #expect(try kernel.send() == [])
        #expect(kernel.asked == [0x10, 0x20, 0x20, 0x20])
    }

    @Test func aFamilyThatCameAnewIsAskedByItsNewNumber() throws {
        let kernel = ChangingKernel(number: 0x20)
        #expect(try kernel.dump() == 1)
        kernel.number = 0x21
        #expect(try kernel.dump() == 1)
        #expect(kernel.asked == [0x10, 0x20, 0x20, 0x10, 0x21])
    }

    /// Another family may have the old number by now, and would answer.
    @Test func aNumberThatTheKernelTookBackIsNotUsedAgain() throws {
        let kernel = ChangingKernel(number: 0x20)
        #expect(try kernel.dump() == 1)
        kernel.number = 0x21
        kernel.tells = true
        #expect(try kernel.send() == [])
        #expect(kernel.asked == [0x10, 0x20, 0x10, 0x21])
    }

    @Test func whatWentWithTheFamilyIsLookedForAgain() throws {
        let kernel = ChangingKernel(number: 0x20)
        #expect(try kernel.send() == [])
        kernel.meanwhile = { [unowned kernel] in kernel.number = 0x21 }
        #expect {
            try kernel.send(3)
        } throws: { error in
            (error as? NetlinkError)?.kind == .answersLost
        }
        #expect(try kernel.send(3) == [])
    }

    @Test func aFamilyThatHasGoneIsNamed() throws {
        let kernel = ChangingKernel(number: 0x20)
        #expect(try kernel.dump() == 1)
        kernel.number = nil
        let gone = NetlinkError(
            .familyMissing, operation: "resolve the family TEST",
            message: "TEST is gone from the kernel: modprobe test")
        #expect(throws: gone) { try kernel.dump() }
        #expect(throws: gone) { try kernel.send() }
        kernel.number = 0x22
        #expect(try kernel.dump() == 1)
    }

    @Test func aFamilyThatNeverWasThereIsMissing() throws {
        let kernel = ChangingKernel(number: nil)
        #expect(throws: NetlinkError(.familyMissing, operation: "resolve the family TEST")) { try kernel.dump() }
    }

    /// ENOENT of an operation is its own as long as the family is there.
    @Test func refusalsOfOperationsStay() throws {
        let transport = ScriptedTransport { index, sequences in
            index % 2 == 0
                ? [
                    .datagram(
                        WireBytes.reply(
                            sequence: sequences[0], WireBytes.attribute(1, WireBytes.little(UInt16(0x20)))))
                ] : [.datagram(WireBytes.verdict(ENOENT, sequence: sequences[0]))]
        }
        let family = GenericNetlinkFamily("TEST", version: 1, module: "test") { false }
        let channel = GenericNetlinkChannel(transport: transport, family: family)
        let failures = try channel.sendBatch("change", count: 1, command: { _ in 1 }) { _, _ in }
        #expect(failures.map(\.errno) == [ENOENT])
    }

    @Test func theKernelHasNoNewsOfAFamilyThatStays() throws {
        var watch = try FamilyWatch("nlctrl")
        #expect(watch.hasChanged() == false)
    }
}
