/// What may reach a terminal, decided here anew and not by the program's own rule.
package enum TerminalBytes {
    /// The first thing that must not be there; `nil` if all may.
    ///
    /// - Parameter isTerminal: Whether lines may end in CR LF, and our own colours may be there (SGR with one number).
    package static func fault(in bytes: [UInt8], isTerminal: Bool = false) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return "bytes that are no UTF-8" }
        let scalars = Array(text.unicodeScalars)
        var index = 0
        while index < scalars.count {
            if isTerminal, scalars[index] == "\r", index + 1 < scalars.count, scalars[index + 1] == "\n" {
                index += 2
            } else if isTerminal, let length = colour(scalars[index...]) {
                index += length
            } else if isAllowed(scalars[index]) {
                index += 1
            } else {
                let before = String(String.UnicodeScalarView(scalars[max(0, index - 40)..<index]))
                return "U+\(String(scalars[index].value, radix: 16, uppercase: true)) after \(before.debugDescription)"
            }
        }
        return nil
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x20...0x7E: true
        // The rest of C0, DEL and C1.
        case 0..<0xA0: false
        // Arabic letter mark; zero widths and marks of direction; separators and embeddings; joiners and isolates; BOM.
        case 0x61C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: false
        // Tags, of which nothing is seen.
        case 0xE0000...0xE0FFF: false
        default: scalar.properties.generalCategory != .format
        }
    }

    /// The length of one of our own colours at the beginning.
    private static func colour(_ scalars: ArraySlice<Unicode.Scalar>) -> Int? {
        guard scalars.count >= 4, scalars.starts(with: ["\u{1B}", "["] as [Unicode.Scalar]) else { return nil }
        let digits = scalars.dropFirst(2).prefix { ("0"..."9").contains($0) }
        let isOurs = ["0", "1", "2", "31", "32", "33", "36"].contains(String(String.UnicodeScalarView(digits)))
        return isOurs && scalars.dropFirst(2 + digits.count).first == "m" ? 3 + digits.count : nil
    }
}

extension TerminalBytes {
    /// What moves cursors, forges lines, turns text round, and hides.
    package static let hostile =
        "\u{1B}]0;pwned\u{7}\u{1B}[2J\u{9B}31m\u{202E}\u{2066}\u{200B}\u{2028}\u{FEFF}\u{7F}\r\nipvsync: forged"

    /// The same in the escapes of a quoted text of YAML and JSON.
    package static let escaped =
        #"\u001b]0;pwned\u0007\u001b[2J\u009b31m\u202e\u2066\u200b\u2028\ufeff\u007f\r\nipvsync: forged"#

    /// The same for the name of a file, which cannot hold a slash.
    package static let fileName = "f\u{1B}[2J\u{9B}31m\u{202E}\u{2028}\r\nipvsync: forged"
}
