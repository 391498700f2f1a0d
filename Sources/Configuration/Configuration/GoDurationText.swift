/// Lengths of time as Go writes them: `15m0s`, `1.5s`, `100ms`.
enum GoDurationText {
    private static let units: [String: Double] = [
        "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1, "us": 0.001, "µs": 0.001, "μs": 0.001, "ns": 0.000_001,
    ]

    /// The milliseconds, rounded up; `nil` for anything else, a negative one and one of more than 49 days.
    static func milliseconds(_ text: String) -> UInt32? {
        var rest = text[...]
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest[number.endIndex...]
            let unit = rest.prefix { !$0.isNumber && $0 != "." }
            rest = rest[unit.endIndex...]
            guard let count = Double(number), let size = units[String(unit)] else { return nil }
            total += count * size
        }
        return text.isEmpty ? nil : UInt32(exactly: total.rounded(.up))
    }
}
