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

    @Test func openMetricsHasItsOwnNamesAndItsEnd() {
        var text = Exposition(.openMetrics)
        text.single("a_total", .counter, "Help.", 7)
        text.single("b_total", .gauge, "Help.", 8)
        var histogram = Histogram(bounds: [0.5, 1])
        histogram.observe(.seconds(1))
        text.begin("c_seconds", .histogram, "Help.")
        text.histogram("c_seconds", [], histogram)
        #expect(
            text.text == """
                # HELP a Help.
                # TYPE a counter
                a_total 7
                # HELP b_total Help.
                # TYPE b_total gauge
                b_total 8
                # HELP c_seconds Help.
                # TYPE c_seconds histogram
                c_seconds_bucket{le="0.5"} 0
                c_seconds_bucket{le="1.0"} 1
                c_seconds_bucket{le="+Inf"} 1
                c_seconds_sum 1
                c_seconds_count 1
                # EOF

                """)
    }

    @Test(
        arguments: [
            ("", .text), ("*/*", .text), ("text/plain", .text), ("application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", .openMetrics),
            // As Prometheus 3 asks.
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;"
                    + "version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;"
                    + "q=0.2,*/*;q=0.1", .openMetrics
            ),
            ("Application/OpenMetrics-Text; Version=\"1.0.0\" ; q=0.9", .openMetrics),
            ("application/openmetrics-text;version=0.0.1", .text), ("application/openmetrics-text;q=0", .text),
            ("application/openmetrics-text;q=0.1, text/plain;q=0.9", .text),
            ("application/openmetrics-text;q=x", .text),
            (",;,=;q=", .text),
        ] as [(String, ExpositionFormat)])
    func theFormatIsWhatTheClientLikesBest(accept: String, format: ExpositionFormat) {
        #expect(ExpositionFormat(accept: accept) == format)
    }

    @Test(arguments: [(0, "0"), (1.5, "1.5"), (1_790_000_000.25, "1790000000.25"), (3, "3")] as [(Double, String)])
    func wholeNumbersHaveNoPoint(_ value: Double, _ expected: String) {
        var text = Exposition()
        text.single("a", .gauge, "Help.", value)
        #expect(text.text.hasSuffix("\na \(expected)\n"))
    }
}
