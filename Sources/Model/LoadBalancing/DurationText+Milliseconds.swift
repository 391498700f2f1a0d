extension DurationText {
    /// What ``milliseconds(_:)`` takes, as a regular expression.
    package static let millisecondPattern = "^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"

    /// The milliseconds in `1s500ms`, where milliseconds may follow the seconds; `nil` for anything else.
    package static func milliseconds(_ text: String) -> UInt64? {
        guard text.hasSuffix("ms") else { return seconds(text).map { $0 * 1000 } }
        let number = text.utf8.dropLast(2)
        let start =
            number.lastIndex { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.map(number.index(after:))
            ?? number.startIndex
        guard let milliseconds = UInt32(text[start..<number.endIndex]) else { return nil }
        if start == number.startIndex { return UInt64(milliseconds) }
        return seconds(String(text[..<start])).map { $0 * 1000 + UInt64(milliseconds) }
    }

    /// The shortest text for some milliseconds: `100ms`, `1s500ms`, `0s`.
    package static func text(milliseconds: some UnsignedInteger) -> String {
        let (seconds, rest) = UInt64(milliseconds).quotientAndRemainder(dividingBy: 1000)
        guard rest > 0 else { return text(seconds) }
        return (seconds > 0 ? text(seconds) : "") + "\(rest)ms"
    }
}
