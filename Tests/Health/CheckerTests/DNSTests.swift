import HealthChecks
import LoadBalancing
import TestSupport
import Testing

@testable import Checker

/// Answers of DNS servers, the right ones and the others.
@Suite struct DNSTests {
    private static let question = DNSQuestion(name: "Shop.Example.", type: "A")

    /// A header, the question, and what follows.
    private static func message(
        flags: String = "8180", answers: Int, _ records: String, identifier: String = "1234"
    ) -> [UInt8] {
        WireBytes.hex(
            identifier + flags + "0001" + (answers < 16 ? "000\(String(answers, radix: 16))" : "ffff")
                + "00000000 0473686f70 076578616d706c65 00 00010001" + records)
    }

    /// `192.0.2.1` for the name in the question.
    private static let address = "c00c 0001 0001 0000003c 0004 c0000201"

    private func read(_ bytes: [UInt8], type: String = "A") throws -> DNSAnswer? {
        DNSAnswer(bytes, to: try #require(DNSQuestion(name: "shop.example", type: type)), 0x1234)
    }

    @Test func aQuestionOnTheWire() throws {
        let question = try #require(Self.question)
        #expect(
            question.query(0x1234)
                == WireBytes.hex("1234 0100 0001 0000 0000 0000 0473686f70 076578616d706c65 00 0001 0001"))
        #expect(DNSQuestion(name: ".", type: "NS")?.query(1).suffix(5) == [0, 0, 2, 0, 1])
    }

    @Test(arguments: ["a..b", ".a", String(repeating: "a", count: 64), String(repeating: "ab.", count: 100)])
    func namesThatCannotBeAskedFor(_ name: String) {
        #expect(DNSQuestion(name: name, type: "A") == nil)
    }

    @Test func anAnswer() throws {
        let answer = try #require(try read(Self.message(answers: 1, Self.address)))
        #expect(answer.records == ["192.0.2.1"])
        #expect(answer.code == 0)
    }

    @Test func otherRecordsAreLeftOut() throws {
        let alias = "c00c 0005 0001 0000003c 0002 c011"
        #expect(try read(Self.message(answers: 2, alias + Self.address))?.records == ["192.0.2.1"])
    }

    @Test func whatIsNotTheAnswerToTheQuestion() throws {
        #expect(try read(Self.message(answers: 1, Self.address, identifier: "1235")) == nil)
        #expect(try read(Self.message(flags: "0180", answers: 1, Self.address)) == nil)
        #expect(try read(Self.message(flags: "a180", answers: 1, Self.address)) == nil)
        #expect(try read(Self.message(answers: 2, Self.address)) == nil)
        #expect(try read(Self.message(answers: 1, "c00c 0001 0001 0000003c 0003 c00002")) == nil)
        #expect(try read(Self.message(answers: 1, Self.address), type: "AAAA") == nil)
    }

    @Test func anAnswerThatIsCutShort() throws {
        let answer = try #require(try read(Self.message(flags: "8380", answers: 2, Self.address)))
        #expect(answer.isTruncated)
        #expect(answer.records == ["192.0.2.1"])
    }

    /// A pointer to itself, to what follows, and two to each other.
    @Test(arguments: ["c01e", "c02a", "c0ff", "01 61 c01e", "3f 61"])
    func namesThatLeadRoundAndRound(_ name: String) throws {
        #expect(try read(Self.message(answers: 1, name + "0001 0001 0000003c 0004 c0000201")) == nil)
    }

    @Test(arguments: [
        ("MX", "000f", "0004 000a c00c", "10 shop.example"), ("NS", "0002", "0006 034e5331 c011", "ns1.example"),
        ("TXT", "0010", "0005 0161 02 6263", "abc"),
        ("SRV", "0021", "0008 0001 0002 01bb c00c", "1 2 443 shop.example"),
        ("AAAA", "001c", "0010 20010db8000000000000000000000007", "2001:db8::7"),
        (
            "SOA", "0006", "0018 c00c c00c 00000001 00000002 00000003 00000004 00000005",
            "shop.example shop.example 1 2 3 4 5"
        ),
    ])
    func dataOfOtherTypes(_ type: String, _ code: String, _ data: String, _ text: String) throws {
        var bytes = Self.message(answers: 1, "c00c \(code) 0001 0000003c \(data)")
        // The question's type.
        bytes.replaceSubrange(26..<28, with: WireBytes.hex(code))
        #expect(try read(bytes, type: type)?.records == [text])
        let spelled = type == "TXT" ? text : text.uppercased()
        #expect(DNSAnswer.canonical(spelled, type: try #require(DNSQuestion.types[type])) == text)
    }

    @Test func everyByteMayBeWrong() throws {
        let good = Self.message(answers: 1, Self.address)
        for index in good.indices {
            for value: UInt8 in [0, 1, 0x3F, 0x7F, 0xC0, 0xFF] {
                var bytes = good
                bytes[index] = value
                _ = try read(bytes)
                _ = try read(Array(bytes[..<index]))
            }
        }
    }

    // MARK: Through the engine

    private func result(
        _ probe: ServerCheck.DNSProbe, _ answers: @escaping @Sendable ([UInt8]) -> [[UInt8]]
    ) throws -> CheckResult {
        let server = try LoopbackServer(.datagrams(answers))
        return try EngineUnderTest().result(of: .dns(probe), at: server.endpoint)
    }

    /// What a server that knows the one address answers.
    private static let honest: @Sendable ([UInt8]) -> [[UInt8]] = { query in
        [Array(query[..<2]) + message(answers: 1, address)[2...]]
    }

    @Test func aServerThatAnswers() throws {
        let right = try result(.init(name: "shop.example", answer: "192.0.2.1"), Self.honest)
        #expect(right.reason == "192.0.2.1 for A shop.example")
        #expect(right.outcome == .up)
        let other = try result(.init(name: "shop.example", answer: "192.0.2.9"), Self.honest)
        #expect(other.reason == "192.0.2.1 in the place of 192.0.2.9 for A shop.example")
        #expect(other.outcome == .down)
    }

    @Test func aServerThatFails() throws {
        let failing = try result(.init(name: "shop.example")) { query in
            [Array(query[..<2]) + Self.message(flags: "8182", answers: 0, "")[2...]]
        }
        #expect(failing.reason == "SERVFAIL for A shop.example")
        #expect(failing.outcome == .down)
    }

    /// Somebody who guesses the port has to guess the identifier too.
    @Test func answersOfOthersDoNotCount() throws {
        let found = try result(.init(name: "shop.example", answer: "192.0.2.1")) { query in
            let failure = Self.message(flags: "8182", answers: 0, "")[2...]
            return [[0], [UInt8](repeating: 0, count: 600), [query[0] ^ 1, query[1]] + failure] + Self.honest(query)
        }
        #expect(found.outcome == .up)
    }
}
