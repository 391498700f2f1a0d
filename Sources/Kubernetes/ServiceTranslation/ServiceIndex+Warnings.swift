import KubernetesObjects
import LoadBalancing

/// How warnings have changed.
package struct WarningChange: Hashable, Sendable {
    package fileprivate(set) var added: [TranslationWarning] = []
    package fileprivate(set) var removed: [TranslationWarning] = []
    /// Whether the next call gives more.
    package internal(set) var hasMore = false
}

/// What an index knows of its warnings, and what it has to look at again.
struct WarningNotes: Sendable {
    /// What several Services may want.
    enum Prize: Hashable, Sendable {
        case key(VirtualServerKey)
        case healthCheckPort(UInt16)
    }

    var list = WarningList()
    /// Those of the list and all that it hides.
    private(set) var counts = WarningCounts()
    /// Claims there have come or gone, so others may win or lose.
    var keys: Set<VirtualServerKey> = []
    var healthCheckPorts: Set<UInt16> = []
    /// What was said of losers, and how many there were.
    private var told: [Prize: (warnings: [TranslationWarning], losers: Int)] = [:]

    /// Takes what is said of a Service now in the place of what was said before.
    ///
    /// - Returns: How many warnings that touched.
    mutating func replace(_ previous: TranslatedService?, with next: TranslatedService?) -> Int {
        counts.replace(previous?.warningCounts ?? WarningCounts(), with: next?.warningCounts ?? WarningCounts())
        return list.replace(previous?.warnings ?? [], with: next?.warnings ?? [])
    }

    /// Takes what is said of objects that are no Services.
    mutating func take(_ changes: [ObjectWarnings.Change]) {
        for change in changes {
            counts.replace(WarningCounts(change.before), with: WarningCounts(change.now))
            _ = list.replace(change.before, with: change.now)
        }
    }

    /// Takes what is to be said of those who want one thing.
    ///
    /// - Parameter losers: How many do not get it.
    mutating func take(_ warnings: [TranslationWarning], losers: Int, at prize: Prize) {
        let before = told[prize]
        counts.add(losers - (before?.losers ?? 0), .conflict)
        _ = list.replace(before?.warnings ?? [], with: warnings)
        told[prize] = warnings.isEmpty ? nil : (warnings, losers)
    }
}

extension TranslatedService {
    /// Of all its warnings, shown or not.
    fileprivate var warningCounts: WarningCounts { WarningCounts(warnings) + hiddenWarnings }
}

/// Warnings of all namespaces, no more of one than a reader can use; kept up to date by what comes and goes.
struct WarningList: Sendable {
    static let limit = 200

    private struct Account: Sendable {
        var shown: Set<TranslationWarning> = []
        /// Those that there is no room for.
        var others: Set<TranslationWarning> = []
        /// The word on these that was given last.
        var word: TranslationWarning?
    }

    private var accounts: [String: Account] = [:]
    /// Whether each warning that was touched since the last ``takeChange(atMost:)`` was shown then.
    private var touched: [TranslationWarning: Bool] = [:]
    /// Namespaces in which the number of the others may have changed.
    private var recounted: Set<String> = []

    /// Takes what is said now in the place of what was said before.
    ///
    /// - Returns: How many warnings that touched.
    mutating func replace(_ previous: [TranslationWarning], with next: [TranslationWarning]) -> Int {
        guard previous != next else { return 0 }
        let (before, now) = (Set(previous), Set(next))
        for warning in before where !now.contains(warning) { remove(warning) }
        for warning in now where !before.contains(warning) { add(warning) }
        return before.count + now.count
    }

    private mutating func add(_ warning: TranslationWarning) {
        let namespace = warning.object.namespace
        if accounts[namespace]?.shown.count ?? 0 < Self.limit {
            show(warning)
        } else {
            accounts[namespace]?.others.insert(warning)
            recounted.insert(namespace)
        }
    }

    private mutating func remove(_ warning: TranslationWarning) {
        let namespace = warning.object.namespace
        recounted.insert(namespace)
        if accounts[namespace]?.others.remove(warning) == nil, accounts[namespace]?.shown.remove(warning) != nil {
            touch(warning, wasShown: true)
            if let other = accounts[namespace]?.others.popFirst() { show(other) }
        }
    }

    private mutating func show(_ warning: TranslationWarning) {
        accounts[warning.object.namespace, default: Account()].shown.insert(warning)
        touch(warning, wasShown: false)
    }

    private mutating func touch(_ warning: TranslationWarning, wasShown: Bool) {
        if touched[warning] == nil { touched[warning] = wasShown }
    }

    /// What came and went since the last call, about as many as may.
    mutating func takeChange(atMost limit: Int) -> WarningChange {
        var change = WarningChange()
        var looked = 0
        while looked < limit, let (warning, wasShown) = touched.popFirst() {
            looked += 1
            let isShown = accounts[warning.object.namespace]?.shown.contains(warning) ?? false
            if isShown, !wasShown { change.added.append(warning) }
            if wasShown, !isShown { change.removed.append(warning) }
        }
        while looked < limit, let namespace = recounted.popFirst() {
            looked += 1
            guard let account = accounts[namespace] else { continue }
            let word = Self.word(namespace, account.others.count)
            if account.word != word {
                if let old = account.word { change.removed.append(old) }
                if let word { change.added.append(word) }
            }
            accounts[namespace]?.word = word
            if account.shown.isEmpty { accounts[namespace] = nil }
        }
        change.added.sort { ($0.object, $0.message) < ($1.object, $1.message) }
        change.hasMore = !touched.isEmpty || !recounted.isEmpty
        return change
    }

    /// The warnings, sorted, and for each namespace that has more a word on how many.
    var warnings: [TranslationWarning] {
        accounts.values.flatMap(\.shown).sorted { ($0.object, $0.message) < ($1.object, $1.message) }
            + accounts.sorted { $0.key < $1.key }.compactMap { Self.word($0.key, $0.value.others.count) }
    }

    private static func word(_ namespace: String, _ others: Int) -> TranslationWarning? {
        guard others > 0 else { return nil }
        return TranslationWarning(
            ObjectName(namespace: namespace, name: "(others)"), reason: .bound,
            "\(others) more warnings of this namespace are not shown: see `ipvsync explain` for one Service")
    }
}
