/// Writes strings as YAML scalars: plain where no reader can take them for anything else, else in double quotes.
enum YAMLText {
    static func scalar(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    /// Words that YAML 1.1 or 1.2 reads as null or a truth value.
    private static let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

    private static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last, isWordByte(first), first != UInt8(ascii: "."),
            last != UInt8(ascii: ":"), last != UInt8(ascii: " ")
        else { return false }
        var previous = first
        for byte in bytes {
            guard isWordByte(byte) || isInnerByte(byte) else { return false }
            if byte == UInt8(ascii: " "), previous == UInt8(ascii: ":") { return false }
            previous = byte
        }
        return !words.contains(text.lowercased()) && !looksNumeric(bytes)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isInnerByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "%"),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ";"), UInt8(ascii: " "):
            true
        default: false
        }
    }

    /// Whether any YAML could take it for a number in any base, a time of day in base 60 or a date.
    ///
    /// An IPv4 address has too many points for that.
    private static func looksNumeric(_ bytes: String.UTF8View) -> Bool {
        guard let first = bytes.first, isDigit(first) else { return false }
        let second = bytes.dropFirst().first ?? 0
        if first == UInt8(ascii: "0"), "xXoObB".utf8.contains(second) { return true }
        // 2001-12-14t21:59:43 and everything like it.
        let year = bytes.prefix(5)
        if year.count == 5, year.last == UInt8(ascii: "-"), year.dropLast().allSatisfy(isDigit) { return true }
        let points = bytes.count { $0 == UInt8(ascii: ".") }
        return points <= 1 && bytes.allSatisfy { isDigit($0) || "_.:+-eE".utf8.contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            // A blank that looks like another one.
            case "\u{A0}": result += "\\xa0"
            case _ where scalar.isSafeToShow: result.unicodeScalars.append(scalar)
            default: result += escape(scalar)
            }
        }
        return result + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case ...0xFF: "\\x" + Document.hexadecimal(scalar.value, digits: 2)
        case ...0xFFFF: "\\u" + Document.hexadecimal(scalar.value, digits: 4)
        default: "\\U" + Document.hexadecimal(scalar.value, digits: 8)
        }
    }
}
