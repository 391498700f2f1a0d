/// Reads times as Kubernetes writes them: RFC 3339, `2026-01-31T23:59:59Z` or with parts of a second and an offset.
package enum Timestamp {
    /// The longest text that can be one: nine digits behind the point, and an offset.
    private static let longest = 40

    /// Seconds since 1970; `nil` for what is no time, or none of the years 1970 to 9999. Pure, and safe for any text.
    package static func seconds(_ text: String) -> Double? {
        let bytes = Array(text.utf8.prefix(longest + 1))
        guard (20...longest).contains(bytes.count),
            let year = number(bytes[0..<4], 1970...9999), let month = number(bytes[5..<7], 1...12),
            let day = number(bytes[8..<10], 1...31), let hour = number(bytes[11..<13], 0...23),
            let minute = number(bytes[14..<16], 0...59), let second = number(bytes[17..<19], 0...60),
            zip([4, 7, 10, 13, 16], "--T::".utf8).allSatisfy({ bytes[$0] == $1 }),
            day <= days(in: month, of: year), let (fraction, offset) = rest(bytes[19...])
        else { return nil }
        let whole = daysSince1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        return Double(whole) + fraction
    }

    /// The time as the API's `MicroTime` has it, with six digits behind the point.
    ///
    /// - Parameter seconds: Since 1970; what is none of the years 1970 to 9999 becomes the nearest of these.
    package static func text(_ seconds: Double) -> String {
        let last = 253_402_300_799.0
        let micros = Int((max(0, min(seconds.isNaN ? 0 : seconds, last)) * 1e6).rounded())
        let (days, rest) = (micros / 1_000_000 / 86_400, micros / 1_000_000 % 86_400)
        let (year, month, day) = date(days)
        return padded(year, 4) + "-" + padded(month) + "-" + padded(day) + "T" + padded(rest / 3_600) + ":"
            + padded(rest / 60 % 60) + ":" + padded(rest % 60) + "." + padded(micros % 1_000_000, 6) + "Z"
    }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }

    /// The reverse of ``daysSince1970(_:_:_:)``, by years that begin in March.
    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let place = (5 * dayOfYear + 2) / 153
        let month = place < 10 ? place + 3 : place - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * place + 2) / 5 + 1)
    }

    /// Parts of a second, if any, and the offset from UTC in seconds.
    private static func rest(_ bytes: ArraySlice<UInt8>) -> (fraction: Double, offset: Int)? {
        var bytes = bytes
        var (fraction, place) = (0.0, 0.1)
        if bytes.first == UInt8(ascii: ".") {
            let digits = bytes.dropFirst().prefix { isDigit($0) }
            guard !digits.isEmpty else { return nil }
            for digit in digits {
                fraction += Double(digit - UInt8(ascii: "0")) * place
                place /= 10
            }
            bytes = bytes[digits.endIndex...]
        }
        if bytes.elementsEqual("Z".utf8) { return (fraction, 0) }
        let start = bytes.startIndex
        guard bytes.count == 6, bytes[start + 3] == UInt8(ascii: ":"),
            let hours = number(bytes[(start + 1)..<(start + 3)], 0...23),
            let minutes = number(bytes[(start + 4)..<(start + 6)], 0...59)
        else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "+"): return (fraction, hours * 3_600 + minutes * 60)
        case UInt8(ascii: "-"): return (fraction, -hours * 3_600 - minutes * 60)
        default: return nil
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>, _ range: ClosedRange<Int>) -> Int? {
        guard digits.allSatisfy(isDigit) else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return range.contains(number) ? number : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// By the Gregorian calendar; years are counted from March, so that a leap day is the last one.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
