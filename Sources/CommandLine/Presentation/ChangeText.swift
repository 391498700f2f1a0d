/// Changes that an agent made, in lines.
enum ChangeText {
    /// A line for each, in columns.
    static func table(_ changes: some Sequence<AgentStatus.Change>) -> TextTable {
        var table = TextTable()
        for change in changes {
            table.add(
                kind: 0, ["  \(TimeText.second(change.time))"] + cells(change), style: Terminal.Style(change.message))
        }
        return table
    }

    /// `real server added  tcp 10.0.0.1:80 (web)  10.1.0.1:80  masquerade, weight 1`.
    static func line(_ change: AgentStatus.Change) -> String {
        cells(change).filter { !$0.isEmpty }.joined(separator: "  ")
    }

    static func cells(_ change: AgentStatus.Change) -> [String] {
        let name = change.name.map { " (\($0))" } ?? ""
        return [change.message, change.virtualServer + name, change.realServer, change.detail]
    }
}

extension Terminal.Style {
    /// What a change does, by its last word.
    init?(_ message: String) {
        switch message.split(separator: " ").last {
        case "added", "revived": self = .green
        case "edited", "draining": self = .yellow
        case "removed": self = .red
        default: return nil
        }
    }
}
