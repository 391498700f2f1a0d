import Documents
import TestSupport
import Testing

@Suite struct ShownTests {
    /// What must not reach a terminal as it is, of every kind.
    private static let unsafe: [Unicode.Scalar] =
        (0..<0x20).map { Unicode.Scalar($0 as UInt8) } + (0x7F...0x9F).map { Unicode.Scalar($0 as UInt8) } + [
            "\u{AD}", "\u{34F}", "\u{61C}", "\u{115F}", "\u{180E}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{200E}",
            "\u{200F}", "\u{2028}", "\u{2029}", "\u{202A}", "\u{202B}", "\u{202C}", "\u{202D}", "\u{202E}", "\u{2060}",
            "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}", "\u{3164}", "\u{E000}", "\u{FE0F}", "\u{FEFF}", "\u{FFF9}",
            "\u{FFFE}", "\u{FFFF}", "\u{E0001}", "\u{E0041}", "\u{10FFFF}",
        ]

    @Test(arguments: [
        ("plain", "plain"), ("é → 𝄞 日本 “x”", "é → 𝄞 日本 “x”"), ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\u{1B}]0;x\u{7}\u{1B}[2J", "\\u{1B}]0;x\\u{7}\\u{1B}[2J"), ("\u{9B}31m", "\\u{9B}31m"),
        ("a\u{202E}b\0c", "a\\u{202E}b\\u{0}c"), ("\r\n", "\\r\\n"), ("\\n", "\\n"), ("", ""),
    ])
    func whatIsNotSafeIsWrittenOut(_ text: String, _ expected: String) {
        #expect(text.shown == expected)
        #expect(text.shown.shown == expected)
    }

    @Test func bytesThatAreNoUTF8AreReplaced() {
        #expect(
            String(decoding: [0x61, 0x9B, 0x32, 0x4A, 0xFF] as [UInt8], as: UTF8.self).shown == "a\u{FFFD}2J\u{FFFD}")
    }

    @Test func noFormHasThemAsTheyAre() throws {
        for scalar in Self.unsafe {
            let text = "a\(scalar)b"
            #expect(!text.shown.unicodeScalars.contains(scalar), "U+\(String(scalar.value, radix: 16))")
            let document = Document.mapping([.init(text, .string(text))])
            for written in [document.json(pretty: false), document.yaml()] {
                let body = written.unicodeScalars.dropLast()
                #expect(!body.contains(scalar), "U+\(String(scalar.value, radix: 16)) in \(written)")
            }
            #expect(try Document(json: Array(document.json().utf8)) == document)
            // YAML has no NUL and no noncharacters as they are, but all of them escaped.
            let read = try YAMLNode.documents(in: document.yaml()).map(Document.init)
            #expect(read == [document], "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test func everyByteOfAnyTextIsSafe() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            let text = String(
                String.UnicodeScalarView(
                    (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x2_FFFF, using: &generator)) }))
            let all = [text.shown, Document.string(text).json(pretty: false), Document.string(text).yaml()]
            #expect(all[0].unicodeScalars.allSatisfy { $0.isSafeToShow })
            #expect(all[1].unicodeScalars.allSatisfy { $0.isSafeToShow })
            #expect(all[2].unicodeScalars.dropLast().allSatisfy { $0.isSafeToShow })
        }
    }

    @Test func whatIsLongIsCut() {
        let accents = "e" + String(repeating: "\u{301}", count: 9_999)
        #expect(accents.count == 1)
        #expect(accents.shown(limit: 100).unicodeScalars.count < 120)
        #expect(String(repeating: "x", count: 30).shown(limit: 10) == "xxxxxxxxxx… (30 bytes)")
        #expect(String(repeating: "é", count: 10).shown(limit: 10) == String(repeating: "é", count: 10))
    }
}
