internal import LoadBalancing
package import Reconcile

/// The ledger as lines of text: a heading, one record a line, and at the end their number. After that come changes of
/// it in the same manner, each with the number of its records at its end.
///
/// Fields are separated by tabs. Anything unexpected makes the whole file corrupt, for a half-read ledger could take
/// what is ours for foreign, or the reverse. A last change that makes sense and lacks its end was never made: the kernel
/// is only touched once it is on record.
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
        for (key, ownership) in ledger.virtualServers.sorted(by: { $0.key < $1.key }) { text += line(key, ownership) }
        for (key, since) in ledger.drains.sorted(by: { $0.key < $1.key }) { text += line(key, since) }
        for role in ledger.syncDaemons.sorted() { text += "daemon\t\(role)\n" }
        return text + "end\t\(ledger.virtualServers.count + ledger.drains.count + ledger.syncDaemons.count)\n"
    }

    /// The text of a change, its records sorted.
    package static func render(_ change: LedgerChange) -> String {
        let (old, new) = (change.old, change.new)
        var lines: [String] = []
        for key in old.virtualServers.keys where new.virtualServers[key] == nil { lines.append("disown\t\(key)\n") }
        for (key, ownership) in new.virtualServers where old.virtualServers[key] != ownership {
            lines.append(line(key, ownership))
        }
        for key in old.drains.keys where new.drains[key] == nil {
            lines.append("drained\t\(key.virtualServer)\t\(key.realServer)\n")
        }
        for (key, since) in new.drains where old.drains[key] != since { lines.append(line(key, since)) }
        for role in old.syncDaemons.subtracting(new.syncDaemons) { lines.append("stopped\t\(role)\n") }
        for role in new.syncDaemons.subtracting(old.syncDaemons) { lines.append("daemon\t\(role)\n") }
        return lines.sorted().joined() + "end\t\(lines.count)\n"
    }

    private static func line(_ key: VirtualServerKey, _ ownership: Ledger.Ownership) -> String {
        let drain = ownership.drainTimeout.map { "\($0)" } ?? ""
        return "own\t\(key)\t\(drain)\t\(ownership.name.map(printable) ?? "")\n"
    }

    private static func line(_ key: Ledger.DrainKey, _ since: UInt64) -> String {
        "drain\t\(key.virtualServer)\t\(key.realServer)\t\(since)\n"
    }

    /// A name without what would end its field or its line.
    private static func printable(_ name: String) -> String { name.filter { !$0.isNewline && $0 != "\t" } }

    /// Reads what ``render(_:identity:)`` wrote, with the changes that were added to it.
    package static func parse(_ text: String, identity: StateIdentity) -> Outcome {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // Empty, or a line that was not written to its end.
        lines.removeLast()
        let head = lines.first?.split(separator: "\t", omittingEmptySubsequences: false) ?? []
        guard head.count == 3, head[0] == heading else { return .corrupt(line: 1) }
        guard let end = lines.firstIndex(where: isEnd) else { return .corrupt(line: lines.count + 1) }
        guard lines[end] == "end\t\(end - 1)" else { return .corrupt(line: end + 1) }
        guard head[1] == identity.boot, head[2] == identity.namespace else { return .otherIdentity }
        var ledger = Ledger()
        if let line = ledger.read(lines[1..<end], isChange: false) { return .corrupt(line: line + 1) }
        var rest = lines[(end + 1)...]
        while let end = rest.firstIndex(where: isEnd) {
            guard rest[end] == "end\t\(end - rest.startIndex)" else { return .corrupt(line: end + 1) }
            if let line = ledger.read(rest[..<end], isChange: true) { return .corrupt(line: line + 1) }
            rest = rest[(end + 1)...]
        }
        var unfinished = ledger
        if let line = unfinished.read(rest, isChange: true) { return .corrupt(line: line + 1) }
        return .ledger(ledger)
    }

    private static func isEnd(_ line: Substring) -> Bool { line.hasPrefix("end\t") }
}

extension Ledger {
    /// Takes in records; says which of them makes no sense, or stands there twice.
    ///
    /// - Parameter isChange: Whether they change what there is.
    fileprivate mutating func read(_ lines: ArraySlice<Substring>, isChange: Bool) -> Int? {
        for index in lines.indices {
            let fields = lines[index].split(separator: "\t", omittingEmptySubsequences: false)
            guard read(fields, isChange) || isChange && drop(fields) else { return index }
        }
        return nil
    }

    private mutating func read(_ fields: [Substring], _ isChange: Bool) -> Bool {
        switch (fields.first, fields.count) {
        case ("own", 4): readOwnership(fields, isChange)
        case ("drain", 4): readDrain(fields, isChange)
        case ("daemon", 2): SyncDaemon.Role(name: fields[1]).map { syncDaemons.insert($0).inserted } ?? false
        default: false
        }
    }

    /// Takes out what there is no more.
    private mutating func drop(_ fields: [Substring]) -> Bool {
        switch (fields.first, fields.count) {
        case ("disown", 2): VirtualServerKey(fields[1]).map { virtualServers.removeValue(forKey: $0) != nil } ?? false
        case ("drained", 3): DrainKey(fields).map { drains.removeValue(forKey: $0) != nil } ?? false
        case ("stopped", 2): SyncDaemon.Role(name: fields[1]).map { syncDaemons.remove($0) != nil } ?? false
        default: false
        }
    }

    private mutating func readOwnership(_ fields: [Substring], _ isChange: Bool) -> Bool {
        let drainTimeout = UInt32(fields[2])
        guard let key = VirtualServerKey(fields[1]), drainTimeout != nil || fields[2].isEmpty else { return false }
        let name = fields[3].isEmpty ? nil : String(fields[3])
        let old = virtualServers.updateValue(Ownership(name: name, drainTimeout: drainTimeout), forKey: key)
        return old == nil || isChange
    }

    private mutating func readDrain(_ fields: [Substring], _ isChange: Bool) -> Bool {
        guard let key = DrainKey(fields), let since = UInt64(fields[3]) else { return false }
        let old = drains.updateValue(since, forKey: key)
        return old == nil || isChange
    }
}

extension Ledger.DrainKey {
    /// Reads the second and the third of a record's fields.
    fileprivate init?(_ fields: [Substring]) {
        guard let key = VirtualServerKey(fields[1]), let endpoint = Endpoint(fields[2]) else { return nil }
        self.init(key, endpoint)
    }
}

extension SyncDaemon.Role {
    fileprivate init?(name: some StringProtocol) {
        guard let role = Self.allCases.first(where: { $0.description == name }) else { return nil }
        self = role
    }
}
