/// Durations as people and the configuration write them.
package enum DurationText {
    /// `90` is `1m30s`, `10800` is `3h`, `0` is `0s`.
    package static func describe(seconds: UInt64) -> String {
        let units: [(UInt64, String)] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")]
        var rest = seconds
        var text = ""
        for (size, name) in units where rest >= size {
            text += "\(rest / size)\(name)"
            rest %= size
        }
        return text.isEmpty ? "0s" : text
    }
}
