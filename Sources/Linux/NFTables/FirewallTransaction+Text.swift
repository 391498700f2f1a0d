internal import DataPath

extension FirewallTransaction {
    /// Our table's name, the only one that a statement of ours ever has.
    static let tableName = "inet \(NFTablesWire.tableName)"

    /// The transaction as `nft -f` reads it.
    package var text: [UInt8] {
        var text: [UInt8] = []
        switch content {
        case .removal: Self.writeRemoval(to: &text)
        case .changes(let removed, let added):
            Self.write("delete", removed, to: &text, \.keyText)
            Self.write("add", added, to: &text, \.elementText)
        case .replacement(let state):
            Self.writeTable(state.settings, to: &text)
            Self.write("add", Self.sorted(state.elements), to: &text, \.elementText)
        }
        return text
    }

    /// The table alone, in place of whatever was there: without elements, and switched off.
    static func dormantTable(_ settings: FirewallSettings) -> [UInt8] {
        var text: [UInt8] = []
        writeTable(settings, flags: ["    flags dormant;"], to: &text)
        return text
    }

    /// What it does, in lines for people: `+` and `-` before the elements that come and go.
    package var lines: [String] {
        switch content {
        case .removal: ["- table \(Self.tableName)"]
        case .changes(let removed, let added):
            removed.map { "- \($0.planText)" } + added.map { "+ \($0.planText)" }
        case .replacement(let state):
            ["= table \(Self.tableName)"] + Self.sorted(state.elements).map { "+ \($0.planText)" }
        }
    }

    /// A table that is deleted has to be there: what is added first always is.
    private static func writeRemoval(to text: inout [UInt8]) {
        append("add table \(tableName)", to: &text)
        append("delete table \(tableName)", to: &text)
    }

    private static func writeTable(_ settings: FirewallSettings, flags: [String] = [], to text: inout [UInt8]) {
        writeRemoval(to: &text)
        let lines =
            ["table \(tableName) {"] + flags + ElementSet.fixed.map { "    \($0.declaration)" }
            + FirewallChain.all(settings).flatMap(\.declaration) + ["}"]
        for line in lines { append(line, to: &text) }
    }

    /// One statement for each set, one line for each element: `nft` names the line that it stumbles over.
    private static func write(
        _ verb: String, _ elements: [DataPathElement], to text: inout [UInt8], _ write: (DataPathElement) -> String
    ) {
        var last: ElementSet?
        for element in elements {
            guard let set = element.set else { continue }
            if case .sources(let list) = element {
                if last != nil { text += "\n}\n".utf8 }
                last = nil
                for line in verb == "add" ? list.additionText : list.removalText { append(line, to: &text) }
                continue
            }
            if set == last {
                text += ",\n".utf8
            } else {
                if last != nil { text += "\n}\n".utf8 }
                append("\(verb) element \(tableName) \(set.name) {", to: &text)
                last = set
            }
            text += write(element).utf8
        }
        if last != nil { text += "\n}\n".utf8 }
    }

    private static func append(_ line: String, to text: inout [UInt8]) {
        text += line.utf8
        text.append(UInt8(ascii: "\n"))
    }
}

extension DataPathElement {
    /// Its set, and what it is in it.
    fileprivate var planText: String {
        guard case .sources(let list) = self else { return "\(set?.name ?? "none") \(elementText)" }
        return list.summary
    }
}
