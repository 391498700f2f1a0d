import Configuration

/// A `name = value` line of ldirectord.cf.
struct LdirectordDirective {
    let place: SourcePlace
    let name: String
    /// Without the quotes around all of it.
    let value: String
    /// As it is written.
    let text: String

    fileprivate init?(_ line: [UInt8], _ place: SourcePlace) {
        let name = line.prefix { $0 != UInt8(ascii: "=") }
        // `supervised` may stand alone.
        let rest = name.count < line.count ? KeepalivedLines.trimmed(line.dropFirst(name.count + 1)) : []
        self.place = place
        self.name = String(decoding: KeepalivedLines.trimmed(name), as: UTF8.self)
        text = String(decoding: rest, as: UTF8.self)
        let quote = UInt8(ascii: "\"")
        let isQuoted = rest.count >= 2 && rest.first == quote && rest.last == quote
        value = isQuoted ? String(decoding: rest.dropFirst().dropLast(), as: UTF8.self) : text
        if self.name.isEmpty { return nil }
    }

    func number(_ range: ClosedRange<UInt32>, _ findings: Findings) -> UInt32? {
        guard value.first != "+", let number = UInt32(value), range.contains(number) else {
            findings.report(
                place, "\(name) is \"\(value)\"", "write a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    func flag(_ findings: Findings) -> Bool? {
        switch value {
        case "yes": return true
        case "no": return false
        default:
            findings.report(place, "\(name) is \"\(value)\"", "write yes or no")
            return nil
        }
    }
}

/// A `virtual` of ldirectord.cf, or what stands before the first.
struct LdirectordSection {
    /// `nil` for the global directives.
    let head: LdirectordDirective?
    fileprivate(set) var directives: [LdirectordDirective] = []

    /// Reads a file's lines: the first of the sections holds the global directives, which may stand anywhere.
    static func sections(_ bytes: [UInt8], file: String, _ findings: Findings) -> [LdirectordSection] {
        var global = LdirectordSection(head: nil)
        var sections: [LdirectordSection] = []
        var isInside = false
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let place = SourcePlace(file: file, line: index + 1)
            let isIndented = line.starts(with: "    ".utf8) || line.first == UInt8(ascii: "\t")
            let text = KeepalivedLines.trimmed(line.prefix { $0 != UInt8(ascii: "#") })
            guard let directive = LdirectordDirective(text, place) else {
                // An empty line ends a virtual, a comment does not.
                if !line.contains(UInt8(ascii: "#")) { isInside = false }
                continue
            }
            if isIndented, isInside {
                sections[sections.count - 1].directives.append(directive)
            } else if directive.name == "virtual" || directive.name == "virtual6" {
                sections.append(LdirectordSection(head: directive))
                isInside = true
            } else if line.first.map(KeepalivedLines.isBlank) == true {
                findings.report(
                    place, "\(directive.name) is indented, but belongs to no virtual",
                    "write it right below its virtual, by four blanks or a tab, or at the beginning of the line")
            } else {
                isInside = false
                global.directives.append(directive)
            }
        }
        return [global] + sections
    }
}
