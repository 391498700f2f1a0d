import LoadBalancing
import Testing

@Suite("Lengths of time as text")
struct DurationTextTests {
    @Test(
        "Milliseconds may follow the seconds",
        arguments: [
            ("0s", 0), ("100ms", 100), ("1s", 1000), ("1s500ms", 1500), ("1m", 60_000), ("1m5ms", 60_005),
            ("1d2h3m4s5ms", 93_784_005),
        ] as [(String, UInt64)])
    func milliseconds(text: String, milliseconds: UInt64) {
        #expect(DurationText.milliseconds(text) == milliseconds)
        #expect(DurationText.text(milliseconds: milliseconds) == text)
    }

    @Test(
        "Nothing else is a length in milliseconds",
        arguments: [
            "", "ms", "100", "5ms5ms", "5ms1s", "100msms", "+5ms", "-5ms", "1.5ms", "1 ms", "x5ms", "1m1h5ms",
            "99999999999ms", "١ms",
        ])
    func refusal(text: String) { #expect(DurationText.milliseconds(text) == nil) }

    @Test("Where whole seconds are meant, milliseconds are refused", arguments: ["100ms", "1s500ms", "1000ms"])
    func seconds(text: String) { #expect(DurationText.seconds(text) == nil) }
}
