import Testing

@testable import Telemetry

@Suite struct HistogramTests {
    @Test func observationsFallIntoTheirBuckets() {
        var histogram = Histogram()
        for milliseconds in [0.1, 0.5, 0.6, 40, 120_000] { histogram.observe(.milliseconds(milliseconds)) }
        #expect(histogram.count == 5 && histogram.counts.prefix(2) == [2, 1] && histogram.counts[6 - 1] == 0)
        #expect(histogram.counts[Histogram.bounds.firstIndex(of: 0.05) ?? 0] == 1)
        #expect(abs(histogram.sum - 120.0412) < 1e-9)
    }

    @Test func theTextIsCumulative() {
        var histogram = Histogram()
        for milliseconds in [0.1, 0.6, 120_000] { histogram.observe(.milliseconds(milliseconds)) }
        var text = Exposition()
        text.begin("a_seconds", .histogram, "Help.")
        text.histogram("a_seconds", [("phase", "read")], histogram)
        let lines = text.text.split(separator: "\n")
        #expect(lines[2] == #"a_seconds_bucket{phase="read",le="0.0005"} 1"#)
        #expect(lines[3] == #"a_seconds_bucket{phase="read",le="0.001"} 2"#)
        #expect(lines.contains(#"a_seconds_bucket{phase="read",le="+Inf"} 3"#))
        #expect(lines.last == #"a_seconds_count{phase="read"} 3"#)
    }
}
