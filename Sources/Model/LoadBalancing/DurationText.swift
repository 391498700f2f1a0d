/// Lengths of time as people and the configuration write them: whole days, hours, minutes and seconds, in that order.
package enum DurationText {
    /// What ``seconds(_:)`` takes, as a regular expression.
    package static let pattern = "^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"

    private static let units: [(letter: UInt8, seconds: UInt64)] = [
        (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3600), (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
    ]

    /// The seconds in `1h30m`; `nil` for anything else.
    package static func seconds(_ text: String) -> UInt64? {
        var total: UInt64 = 0
        var number: UInt64?
        var remaining = units[...]
        for byte in text.utf8 {
            if case UInt8(ascii: "0")...UInt8(ascii: "9") = byte {
                number = (number ?? 0) * 10 + UInt64(byte - UInt8(ascii: "0"))
                // Enough for any range, and far from an overflow.
                guard number ?? 0 <= UInt32.max else { return nil }
            } else {
                guard let count = number, let index = remaining.firstIndex(where: { $0.letter == byte }) else {
                    return nil
                }
                total += count * remaining[index].seconds
                remaining = remaining[(index + 1)...]
                number = nil
            }
        }
        return number == nil && remaining.count < units.count ? total : nil
    }

    /// The shortest text for some seconds: `1h30m`, `0s`.
    package static func text(_ seconds: some UnsignedInteger) -> String {
        guard seconds > 0 else { return "0s" }
        var rest = UInt64(seconds)
        var text = ""
        for unit in units where rest >= unit.seconds {
            text += "\(rest / unit.seconds)\(Unicode.Scalar(unit.letter))"
            rest %= unit.seconds
        }
        return text
    }
}

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
