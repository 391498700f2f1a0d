/// A rule as `iptables-save` writes it.
package struct IPTablesRule: Hashable, Sendable {
    /// The chain that it stands in.
    package let chain: String
    /// What follows the chain's name, word for word.
    package let specification: String
    /// The chain that it goes to, or what else becomes of a packet; `nil` for a rule that only counts.
    package let target: String?
    /// The sets of ipset that it looks into or fills.
    package let sets: Set<String>

    /// Reads a line that begins with `-A `; `nil` if it is none.
    init?(_ line: Substring) {
        guard line.hasPrefix("-A "), let words = Self.words(line.dropFirst(3)), let chain = words.first else {
            return nil
        }
        self.chain = String(chain.text)
        specification = String(line[chain.end...].drop { $0 == " " })
        var target: String?
        var sets: Set<String> = []
        for (word, next) in zip(words, words.dropFirst()) where !word.isQuoted {
            switch word.text {
            case "-j", "-g": target = String(next.text)
            case "--match-set", "--add-set", "--del-set", "--map-set": sets.insert(String(next.text))
            default: break
            }
        }
        self.target = target
        self.sets = sets
    }

    private struct Word {
        let text: Substring
        let isQuoted: Bool
        let end: Substring.Index
    }

    /// The words of a line: between spaces, or in quotes, where a backslash protects the next character.
    private static func words(_ line: Substring) -> [Word]? {
        var words: [Word] = []
        var rest = line
        while let first = rest.first {
            if first == " " {
                rest.removeFirst()
            } else {
                guard let word = word(rest) else { return nil }
                words.append(word)
                rest = line[word.end...]
            }
        }
        return words
    }

    /// The first word; `nil` when its quotes do not end.
    private static func word(_ line: Substring) -> Word? {
        guard line.first == "\"" else {
            let text = line.prefix { $0 != " " }
            return text.contains("\"") ? nil : Word(text: text, isQuoted: false, end: text.endIndex)
        }
        let start = line.index(after: line.startIndex)
        var index = start
        while index < line.endIndex, line[index] != "\"" {
            if line[index] == "\\" { index = line.index(after: index) }
            guard index < line.endIndex else { return nil }
            index = line.index(after: index)
        }
        guard index < line.endIndex else { return nil }
        return Word(text: line[start..<index], isQuoted: true, end: line.index(after: index))
    }
}

/// One of iptables' tables.
package struct IPTablesTable: Hashable, Sendable {
    package let name: String
    /// The kernel's own chains, which packets come to by themselves.
    package internal(set) var builtInChains: Set<String> = []
    /// Chains that somebody has made, in order.
    package internal(set) var chains: [String] = []
    package internal(set) var rules: [IPTablesRule] = []

    init(name: String) { self.name = name }
}
