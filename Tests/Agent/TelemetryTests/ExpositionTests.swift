import Testing

@testable import Telemetry

@Suite struct ExpositionTests {
    @Test func labelsAreEscaped() {
        var text = Exposition()
        text.begin("a_total", .counter, "Help.")
        text.sample("a_total", [("path", "a\\b\"c\nd"), ("empty", "")], 7)
        #expect(
            text.text
                == "# HELP a_total Help.\n# TYPE a_total counter\na_total{path=\"a\\\\b\\\"c\\nd\",empty=\"\"} 7\n")
    }

    @Test func noByteOfOthersReachesATerminal() {
        var text = Exposition()
        text.sample("a", [("name", "\u{1B}[2J\u{9B}\u{202E}\u{2028}\0\r\"} 1\nb 2")], 7)
        #expect(
            text.text
                == #"a{name="\\u{1B}[2J\\u{9B}\\u{202E}\\u{2028}\\u{0}\\r\"} 1\nb 2"} 7"# + "\n")
    }

    @Test(arguments: [(0, "0"), (1.5, "1.5"), (1_790_000_000.25, "1790000000.25"), (3, "3")] as [(Double, String)])
    func wholeNumbersHaveNoPoint(_ value: Double, _ expected: String) {
        var text = Exposition()
        text.single("a", .gauge, "Help.", value)
        #expect(text.text.hasSuffix("\na \(expected)\n"))
    }
}
