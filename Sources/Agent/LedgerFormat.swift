internal import LoadBalancing
package import Reconcile

/// The ledger as lines of text: a heading, one record a line, and at the end their number.
///
/// Fields are separated by tabs. Anything unexpected makes the whole file corrupt, for a half-read ledger could take
/// what is ours for foreign, or the reverse.
package enum LedgerFormat {
    private static let heading = "ipvsync ledger 1"

    /// What reading a text gave.
    package enum Outcome: Hashable, Sendable {
        case ledger(Ledger)
        /// It belongs to another boot or another network namespace, and says nothing of this one.
        case otherIdentity
        case corrupt(line: Int)
    }

    /// The text of a ledger, its records sorted.
    package static func render(_ ledger: Ledger, identity: StateIdentity) -> String {
        var text = "\(heading)\t\(identity.boot)\t\(identity.namespace)\n"
        for (key, ownership) in ledger.virtualServers.sorted(by: { $0.key < $1.key }) {
            let drain = ownership.drainTimeout.map { "\($0)" } ?? ""
            text += "own\t\(key)\t\(drain)\t\(ownership.name.map(printable) ?? "")\n"
        }
        for (key, since) in ledger.drains.sorted(by: { $0.key < $1.key }) {
            text += "drain\t\(key.virtualServer)\t\(key.realServer)\t\(since)\n"
        }
        for role in ledger.syncDaemons.sorted() { text += "daemon\t\(role)\n" }
        return text + "end\t\(ledger.virtualServers.count + ledger.drains.count + ledger.syncDaemons.count)\n"
    }

    /// A name without what would end its field or its line.
    private static func printable(_ name: String) -> String { name.filter { !$0.isNewline && $0 != "\t" } }

    /// Reads what ``render(_:identity:)`` wrote.
    package static func parse(_ text: String, identity: StateIdentity) -> Outcome {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.popLast() == "" else { return .corrupt(line: lines.count + 1) }
        let head = lines.first?.split(separator: "\t", omittingEmptySubsequences: false) ?? []
        guard head.count == 3, head[0] == heading else { return .corrupt(line: 1) }
        guard lines.count >= 2, lines[lines.count - 1] == "end\t\(lines.count - 2)" else {
            return .corrupt(line: lines.count)
        }
        guard head[1] == identity.boot, head[2] == identity.namespace else { return .otherIdentity }
        var ledger = Ledger()
        for index in 1..<(lines.count - 1) {
            guard ledger.read(lines[index].split(separator: "\t", omittingEmptySubsequences: false)) else {
                return .corrupt(line: index + 1)
            }
        }
        return .ledger(ledger)
    }
}

extension Ledger {
    /// Takes in a record; `false` if it makes no sense or stands there twice.
    fileprivate mutating func read(_ fields: [Substring]) -> Bool {
        switch (fields.first, fields.count) {
        case ("own", 4): readOwnership(fields)
        case ("drain", 4): readDrain(fields)
        case ("daemon", 2): SyncDaemon.Role(name: fields[1]).map { syncDaemons.insert($0).inserted } ?? false
        default: false
        }
    }

    private mutating func readOwnership(_ fields: [Substring]) -> Bool {
        let drainTimeout = UInt32(fields[2])
        guard let key = VirtualServerKey(fields[1]), drainTimeout != nil || fields[2].isEmpty else { return false }
        let name = fields[3].isEmpty ? nil : String(fields[3])
        return virtualServers.updateValue(Ownership(name: name, drainTimeout: drainTimeout), forKey: key) == nil
    }

    private mutating func readDrain(_ fields: [Substring]) -> Bool {
        guard let key = VirtualServerKey(fields[1]), let endpoint = Endpoint(fields[2]), let since = UInt64(fields[3])
        else { return false }
        return drains.updateValue(since, forKey: DrainKey(key, endpoint)) == nil
    }
}

extension SyncDaemon.Role {
    fileprivate init?(name: some StringProtocol) {
        guard let role = Self.allCases.first(where: { $0.description == name }) else { return nil }
        self = role
    }
}
