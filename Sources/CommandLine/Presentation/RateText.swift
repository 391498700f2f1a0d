/// Rates in few characters.
enum RateText {
    private static let units: [(size: Double, suffix: String)] = [
        (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"),
    ]

    /// `-` for none, `0.5`, `42`, `9999`, `12.3k`, `456M`.
    static func text(_ rate: Double?) -> String {
        guard let rate, rate.isFinite, rate >= 0 else { return "-" }
        if rate == 0 { return "0" }
        if rate < 9.95 { return oneDecimal(max(rate, 0.1)) }
        if rate < 9999.5 { return whole(rate) }
        // 999,950 would be 1000.0k.
        for (size, suffix) in units where rate >= size * 0.99995 {
            let value = rate / size
            return (value < 99.95 ? oneDecimal(value) : whole(value)) + suffix
        }
        return whole(rate)
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func whole(_ value: Double) -> String { "\(Int(min(value, 1e18).rounded()))" }
}
