/// What a plain scalar says to a program that reads YAML 1.1, as kubectl, kubeadm and kube-proxy do.
///
/// The rules are those of `sigs.k8s.io/yaml` (`goyaml.v2/resolve.go`): `yes` and `Off` are truth values, `0120` is
/// octal, underscores between digits count for nothing. Base 60 is no number there, and a date stays a text.
extension YAMLScalar {
    package enum Value: Hashable, Sendable {
        case null
        case bool(Bool)
        /// A whole number, also one that is written as `80.0` or `1e3`.
        case integer(Int64)
        /// Any other number.
        case number(Double)
        case text(String)
    }

    /// The value by the rules of YAML 1.1; a quoted scalar or one with the tag `!!str` is a text.
    package var value: Value {
        switch tag {
        case nil: isPlain ? Self.resolve(text) : .text(text)
        case "tag:yaml.org,2002:null": .null
        case "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float": Self.resolve(text)
        default: .text(text)
        }
    }

    /// Why no reader should take the scalar: its tag says what its text is not, or hides the value in base64.
    var tagProblem: (message: String, remedy: String)? {
        guard let tag, tag.hasPrefix(Self.tagPrefix) else { return nil }
        let type = tag.dropFirst(Self.tagPrefix.count)
        let value = Self.resolve(text)
        let fits: Bool
        switch (type, value) {
        case ("binary", _), ("timestamp", _):
            return ("the tag !!\(type) is not read here", "write the value itself as a text in quotes")
        case ("int", .integer): fits = Self.whole(text.filter { $0 != "_" }) != nil
        case ("null", .null), ("bool", .bool), ("float", .integer), ("float", .number): fits = true
        case ("null", _), ("bool", _), ("int", _), ("float", _): fits = false
        default: fits = true
        }
        return fits
            ? nil : ("\(text.shown(limit: 60)) is no !!\(type)", "leave out the tag, or write a value that fits it")
    }

    private static let tagPrefix = "tag:yaml.org,2002:"

    /// The text; `nil` for a number, a truth value and null.
    package var textValue: String? {
        guard case .text(let text) = value else { return nil }
        return text
    }

    /// The truth value; `nil` for everything else, the quoted `"true"` too.
    package var boolValue: Bool? {
        guard case .bool(let flag) = value else { return nil }
        return flag
    }

    /// The whole number; `nil` for everything else, the quoted `"80"` too.
    package var integerValue: Int64? {
        guard case .integer(let number) = value else { return nil }
        return number
    }

    private static func resolve(_ text: String) -> Value {
        guard let first = text.utf8.first else { return .null }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            return number(text) ?? .text(text)
        default:
            return words[text] ?? .text(text)
        }
    }

    private static let words: [String: Value] = {
        var words: [String: Value] = ["~": .null]
        for word in ["null"] { for spelling in spellings(word) { words[spelling] = .null } }
        for word in ["y", "yes", "true", "on"] { for spelling in spellings(word) { words[spelling] = .bool(true) } }
        for word in ["n", "no", "false", "off"] { for spelling in spellings(word) { words[spelling] = .bool(false) } }
        return words
    }()

    /// `yes`, `Yes` and `YES`; no other mixture of letters counts.
    private static func spellings(_ word: String) -> [String] {
        [word, word.prefix(1).uppercased() + word.dropFirst(), word.uppercased()]
    }

    // MARK: - Numbers

    private static func number(_ text: String) -> Value? {
        let digits = text.filter { $0 != "_" }
        if let whole = whole(digits) { return .integer(whole) }
        if let special = specialNumbers[text] { return .number(special) }
        guard isDecimal(digits), let number = Double(digits) else { return nil }
        return Int64(exactly: number).map(Value.integer) ?? .number(number)
    }

    private static let specialNumbers: [String: Double] = [
        ".nan": .nan, ".NaN": .nan, ".NAN": .nan,
        ".inf": .infinity, ".Inf": .infinity, ".INF": .infinity,
        "+.inf": .infinity, "+.Inf": .infinity, "+.INF": .infinity,
        "-.inf": -.infinity, "-.Inf": -.infinity, "-.INF": -.infinity,
    ]

    /// A whole number with the prefixes of Go: `0x`, `0o`, `0b`, and a leading zero for octal.
    private static func whole(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let unsigned = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let (body, radix): (Substring, Int) =
            switch unsigned.prefix(2) {
            case "0x", "0X": (unsigned.dropFirst(2), 16)
            case "0o", "0O": (unsigned.dropFirst(2), 8)
            case "0b", "0B": (unsigned.dropFirst(2), 2)
            default: (unsigned, unsigned.count > 1 && unsigned.hasPrefix("0") ? 8 : 10)
            }
        // A second sign is none of Go's numbers.
        guard body.first?.isHexDigit == true else { return nil }
        return Int64((isNegative ? "-" : "") + body, radix: radix)
    }

    /// Digits with at most one point and an exponent: Swift's own reader takes words and hexadecimal numbers too.
    private static func isDecimal(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func skipSign() {
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest.removeFirst() }
        }
        func skipDigits() -> Int {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest.removeFirst(digits)
            return digits
        }
        skipSign()
        var digits = skipDigits()
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            digits += skipDigits()
        }
        guard digits > 0 else { return false }
        if let letter = rest.first, letter == UInt8(ascii: "e") || letter == UInt8(ascii: "E") {
            rest.removeFirst()
            skipSign()
            guard skipDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
