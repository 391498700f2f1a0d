/// All tables of one family, as `iptables-save` shows them.
package struct IPTablesDump: Hashable, Sendable {
    package private(set) var tables: [IPTablesTable] = []
    /// Tables that it cannot show, for somebody has put more into them than iptables knows.
    package private(set) var unreadable: [String] = []

    /// Reads the output of `iptables-save`. Nothing at all is an empty dump, but half a table is an error.
    ///
    /// - Parameter program: Whose output it is, for errors.
    package init(_ text: String, program: String) throws(LeftoverError) {
        var table: IPTablesTable?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard read(line, &table) else {
                throw LeftoverError(
                    program: program, message: "line \(index + 1) of its output makes no sense: \(line.prefix(200))")
            }
        }
        if let table {
            throw LeftoverError(program: program, message: "its output ends within the table \(table.name)")
        }
    }

    /// Whether the line has its place here.
    private mutating func read(_ line: Substring, _ table: inout IPTablesTable?) -> Bool {
        guard !line.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return false }
        if line.isEmpty { return true }
        if line.first == "#" {
            takeComment(line)
            return true
        }
        guard var open = table else {
            guard line.first == "*", line.count > 1, !line.contains(" ") else { return false }
            table = IPTablesTable(name: String(line.dropFirst()))
            return true
        }
        if line == "COMMIT" {
            tables.append(open)
            table = nil
            return true
        }
        guard open.read(line) else { return false }
        table = open
        return true
    }

    /// ``# Table `nat' is incompatible, use 'nft' tool.``
    private mutating func takeComment(_ line: Substring) {
        guard line.contains("incompatible"), let start = line.firstIndex(of: "`") else { return }
        unreadable.append(String(line[line.index(after: start)...].prefix { $0 != "'" }))
    }
}

extension IPTablesTable {
    /// Takes in a line about a chain, `:NAME POLICY [0:0]`, or a rule; whether it was one of a chain that is known.
    fileprivate mutating func read(_ line: Substring) -> Bool {
        if line.first == ":" {
            let words = line.dropFirst().split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, !words[0].isEmpty, words[2].first == "[", words[2].last == "]" else { return false }
            if words[1] == "-" { chains.append(String(words[0])) } else { builtInChains.insert(String(words[0])) }
            return true
        }
        guard let rule = IPTablesRule(line) else { return false }
        rules.append(rule)
        return true
    }
}
