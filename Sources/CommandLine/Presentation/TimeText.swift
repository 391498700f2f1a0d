internal import LoadBalancing

/// The agent's times (RFC 3339 in UTC: `2026-01-31T23:59:59.123Z`) as people want them.
enum TimeText {
    /// Seconds since 1970; `nil` for anything else.
    static func seconds(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        let separators: [(Int, UInt8)] = [(4, 0x2D), (7, 0x2D), (10, 0x54), (13, 0x3A), (16, 0x3A)]
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), separators.allSatisfy({ bytes[$0] == $1 }),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let fraction =
            bytes.count > 20 ? Double("0" + String(decoding: bytes[19..<(bytes.count - 1)], as: UTF8.self)) : 0
        guard let fraction else { return nil }
        let time = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        return Double(time) + fraction
    }

    /// `12s ago`; `never` without a time.
    static func age(of text: String?, at now: Double) -> String {
        guard let text else { return "never" }
        guard let length = length(since: text, at: now) else { return text }
        return "\(length) ago"
    }

    /// `12s`; `nil` for what is no time.
    static func length(since text: String, at now: Double) -> String? {
        guard let seconds = seconds(text) else { return nil }
        return DurationText.text(UInt64(max(0, min(now - seconds, 1e12))))
    }

    /// `2026-01-31 23:59:59Z`.
    static func second(_ text: String) -> String {
        guard seconds(text) != nil else { return text }
        return "\(text.prefix(10)) \(clock(text))Z"
    }

    /// `23:59:59`.
    static func clock(_ text: String) -> String {
        seconds(text) == nil ? text : String(text.dropFirst(11).prefix(8))
    }

    /// A short time: `0.4 ms`, `30 ms`, `1.5 s`.
    static func short(_ seconds: Double) -> String {
        guard seconds >= 0, seconds < 1e9 else { return "?" }
        let tenths = Int((seconds * 10_000).rounded())
        if tenths < 100 { return "\(tenths / 10).\(tenths % 10) ms" }
        return tenths < 10_000 ? "\(tenths / 10) ms" : "\(tenths / 10_000).\(tenths % 10_000 / 1000) s"
    }

    /// A length in whole seconds: `30s`, `2m`.
    static func length(_ seconds: Double) -> String {
        DurationText.text(UInt64(max(0, min(seconds.rounded(), 1e12))))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.allSatisfy { (0x30...0x39).contains($0) } ? digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } : nil
    }

    /// Days from 1970-01-01 in the Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        // Years begin in March here, so that the leap day is their last.
        let year = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }
}
