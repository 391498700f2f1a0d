import Configuration

/// A statement of keepalived.conf: a keyword with its values, and what its block holds.
struct KeepalivedStatement {
    let place: SourcePlace
    /// The line without its braces.
    let text: [UInt8]
    /// Blanks and quotes (`"`) separate them; at least one.
    let words: [String]
    var block: [KeepalivedStatement]?

    var keyword: String { words[0] }
    var values: ArraySlice<String> { words.dropFirst() }
    /// The statements inside its block.
    var statements: [KeepalivedStatement] { block ?? [] }

    fileprivate init?(_ place: SourcePlace, _ text: [UInt8]) {
        let words = KeepalivedWords.split(text)
        guard !words.isEmpty else { return nil }
        self.place = place
        self.text = text
        self.words = words
    }
}

extension KeepalivedStatement {
    /// How deep blocks may nest; keepalived has five levels.
    private static let maximumDepth = 32

    /// Reads lines as statements, after a report of braces without a partner.
    static func tree(_ lines: [KeepalivedLine], _ findings: Findings) -> [KeepalivedStatement] {
        // The statements of each block that is open, the outermost first.
        var levels: [[KeepalivedStatement]] = [[]]
        for line in lines {
            for part in parts(line.text) {
                switch part {
                case .text(let text):
                    if let statement = KeepalivedStatement(line.place, text) {
                        levels[levels.count - 1].append(statement)
                    }
                case .open:
                    guard levels[levels.count - 1].last != nil, levels[levels.count - 1].last?.block == nil else {
                        findings.report(line.place, "a block begins without a keyword", "leave the { out")
                        return levels[0]
                    }
                    guard levels.count < maximumDepth else {
                        findings.report(line.place, "blocks are nested \(maximumDepth) deep", "look for a missing }")
                        return levels[0]
                    }
                    levels.append([])
                case .close:
                    guard levels.count > 1 else {
                        findings.report(line.place, "a } has no {", "leave it out, or look for a missing {")
                        continue
                    }
                    let block = levels.removeLast()
                    levels[levels.count - 1][levels[levels.count - 1].count - 1].block = block
                }
            }
        }
        if levels.count > 1, let open = levels[levels.count - 2].last {
            findings.report(open.place, "the block of \(open.keyword) does not end", "write the missing }")
        }
        return levels[0]
    }

    private enum Part {
        case text([UInt8])
        case open
        case close
    }

    /// Splits a line at the braces that stand outside of quotes and of `${NAME}`.
    private static func parts(_ line: [UInt8]) -> [Part] {
        var parts: [Part] = []
        var text: [UInt8] = []
        var isQuoted = false
        var inReference = false
        var index = 0
        func end() {
            if !text.isEmpty { parts.append(.text(text)) }
            text = []
        }
        while index < line.count {
            let byte = line[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\\") where index < line.count:
                text += [byte, line[index]]
                index += 1
            case UInt8(ascii: "\""):
                isQuoted.toggle()
                text.append(byte)
            case UInt8(ascii: "{") where !isQuoted && text.last != UInt8(ascii: "$"):
                end()
                parts.append(.open)
            case UInt8(ascii: "}") where !isQuoted && !inReference:
                end()
                parts.append(.close)
            default:
                if byte == UInt8(ascii: "{"), !isQuoted { inReference = true }
                if byte == UInt8(ascii: "}") { inReference = false }
                text.append(byte)
            }
        }
        end()
        return parts
    }
}
