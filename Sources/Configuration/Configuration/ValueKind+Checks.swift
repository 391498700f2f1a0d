import Documents
import Glibc
import HealthChecks
import LoadBalancing

extension ValueKind where Value == String {
    /// A text of a bounded number of bytes, without NUL.
    ///
    /// - Parameter lines: Whether it may have several lines.
    static func checkText(_ length: Int, lines: Bool) -> Self {
        .text(
            pattern: lines ? #"^[\s\S]+$"# : "^.+$",
            expected: "a text of 1 to \(length) bytes" + (lines ? "" : ", on one line"),
            isValid: { text in
                (1...length).contains(text.utf8.count)
                    && text.utf8.allSatisfy { lines ? $0 != 0 : $0 >= 0x20 && $0 != 0x7F }
            })
    }

    /// A host's name, or an address, with a port as it may be.
    static var hostName: Self {
        .text(
            pattern: #"^[A-Za-z0-9._:\[\]-]{1,253}$"#, expected: "a host's name or an address",
            isValid: { Fields.isWord($0, marks: "._-:[]") })
    }

    /// The absolute path of a file.
    static var filePath: Self {
        .text(
            pattern: #"^/.{1,1023}$"#, expected: "an absolute path",
            isValid: { $0.hasPrefix("/") && $0.utf8.count <= 1024 && $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } })
    }

    /// A POSIX extended regular expression.
    static var regularExpression: Self {
        .text(
            pattern: "^.+$", expected: "a POSIX extended regular expression of at most 1024 bytes",
            isValid: { text in
                guard (1...1024).contains(text.utf8.count), !text.utf8.contains(0) else { return false }
                var expression = regex_t()
                guard regcomp(&expression, text, REG_EXTENDED | REG_NOSUB) == 0 else { return false }
                regfree(&expression)
                return true
            })
    }

    /// A digest in hexadecimal digits; in lower case once it is read.
    static func digest(_ digits: Int) -> Self {
        let text = Self.text(
            pattern: "^[0-9A-Fa-f]{\(digits)}$", expected: "\(digits) hexadecimal digits",
            isValid: { $0.utf8.count == digits && $0.allSatisfy(\.isHexDigit) })
        return ValueKind(schema: text.schema) { text.read($0, $1, $2)?.lowercased() }
    }
}

extension ValueKind where Value == [UInt8] {
    /// Bytes in hexadecimal digits, at most so many.
    static func hexadecimal(_ length: Int) -> Self {
        let schema: Document = ["type": "string", "pattern": "^([0-9A-Fa-f]{2})+$"]
        return ValueKind(schema: schema) { node, field, scope in
            let digits = Array((node.scalar?.text ?? "").utf8)
            let values = digits.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard values.count == digits.count, digits.count.isMultiple(of: 2), (2...2 * length).contains(digits.count)
            else {
                scope.report(
                    node, "\(field) is \(node.summary)", "write pairs of hexadecimal digits, at most \(length)")
                return nil
            }
            return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
        }
    }
}

extension ValueKind where Value == IPAddress {
    /// An address without a port.
    static var ipAddress: Self {
        ValueKind(schema: ["type": "string", "pattern": "^[0-9A-Fa-f:.]+$"]) { node, field, scope in
            guard let address = (node.scalar?.text).flatMap({ IPAddress($0) }) else {
                scope.report(node, "\(field) is \(node.summary)", "write an address without a port")
                return nil
            }
            return address
        }
    }
}

extension ValueKind where Value == [ServerCheck.Header] {
    /// Headers by name.
    static var headers: Self {
        let schema: Document = [
            "type": "object", "propertyNames": ["pattern": "^[A-Za-z0-9-]{1,64}$"],
            "additionalProperties": ["type": "string"], "maxProperties": 20,
        ]
        return ValueKind(schema: schema) { node, field, scope in
            guard let pairs = node.mapping, pairs.count <= 20 else {
                scope.report(node, "\(field) is \(node.summary)", "write at most 20 headers: {Accept: text/plain}")
                return nil
            }
            return pairs.compactMap { pair in
                let value = pair.value.scalar?.text ?? ""
                guard isName(pair.name), (1...1024).contains(value.utf8.count),
                    value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
                else {
                    scope.report(
                        pair.key, "\(field): \(pair.key.summary) is no header of one line",
                        "write a name of letters, digits and `-`, and a text of at most 1024 bytes")
                    return nil
                }
                return ServerCheck.Header(pair.name, value)
            }
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

extension ValueKind where Value == ClosedRange<Int> {
    /// A status code, or a range of them: `204`, `200-399`.
    static var statusRange: Self {
        let schema: Document = [
            "oneOf": [
                ["type": "integer", "minimum": 100, "maximum": 599],
                ["type": "string", "pattern": "^[1-5][0-9]{2}-[1-5][0-9]{2}$"],
            ]
        ]
        return ValueKind(schema: schema) { node, field, scope in
            let bounds = (node.scalar?.text ?? "").split(separator: "-", omittingEmptySubsequences: false).map {
                Int($0)
            }
            guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, bounds.count <= 2,
                (100...599).contains(first), (first...599).contains(last)
            else {
                scope.report(node, "\(field) has \(node.summary)", "write status codes such as 204 or 200-399")
                return nil
            }
            return first...last
        }
    }
}

extension ValueKind where Value == ServerCheck.Body {
    /// One of the things that a body may have to be.
    static var checkBody: Self {
        .object(.checkBody) { reader in
            guard ObjectShape.checkBody.names.count(where: reader.has) == 1 else {
                reader.scope.report(reader.node, "a body needs one condition", "write `{contains: …}`, for instance")
                return nil
            }
            if let text = reader(Fields.contains) { return .contains(text) }
            if let expression = reader(Fields.matches) { return .matches(expression) }
            if let digests = reader(Fields.sha256) { return .sha256(Array(digests.prefix(maximumDigests))) }
            return reader(Fields.md5).map { .md5(Array($0.prefix(maximumDigests))) }
        }
    }

    private static let maximumDigests = 100
}
