package import KubernetesObjects

/// Something about a Service that could not be done as asked, or about another object that Services depend on.
package struct TranslationWarning: Hashable, Sendable, CustomStringConvertible {
    /// What kind of thing is wrong; the label of a metric, so there are few of them.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// A field's value makes no sense, or asks for what is not enforced here.
        case value
        /// An annotation of ours makes no sense or cannot be followed.
        case annotation
        /// An address that the Service may not take, or one of a node that is none.
        case address
        /// An endpoint that no traffic may reach, or one that is missing.
        case endpoint
        /// The Service holds more than one Service may.
        case bound
        /// Another Service, or a file, has the address or port.
        case conflict
    }

    /// The Service, mostly.
    package let object: ObjectName
    /// `Service`, mostly.
    package let kind: String
    package let reason: Reason
    /// What is wrong and what is done instead.
    package private(set) var message: String

    package init(_ object: ObjectName, kind: String = "Service", reason: Reason = .value, _ message: String) {
        self.object = object
        self.kind = kind
        self.reason = reason
        self.message = message
    }

    /// Cuts a message that is longer than that many bytes.
    mutating func limit(to length: Int) { message = message.excerpt(length) }

    package var description: String { "\(kind) \(object): \(message)" }
}

/// How many warnings there are of each reason, whether they are shown or not.
package struct WarningCounts: Hashable, Sendable {
    /// None is 0.
    private var counts: [TranslationWarning.Reason: Int] = [:]

    package init(_ warnings: some Sequence<TranslationWarning> = []) {
        for warning in warnings { counts[warning.reason, default: 0] += 1 }
    }

    package subscript(reason: TranslationWarning.Reason) -> Int { counts[reason] ?? 0 }

    /// Of all reasons.
    var total: Int { counts.values.reduce(0, +) }

    /// Takes some in the place of others.
    mutating func replace(_ previous: WarningCounts, with next: WarningCounts) {
        guard previous != next else { return }
        for (reason, count) in previous.counts { add(-count, reason) }
        for (reason, count) in next.counts { add(count, reason) }
    }

    mutating func add(_ count: Int, _ reason: TranslationWarning.Reason) {
        let sum = self[reason] + count
        counts[reason] = sum == 0 ? nil : sum
    }

    package static func + (left: WarningCounts, right: WarningCounts) -> WarningCounts {
        WarningCounts(counts: left.counts.merging(right.counts, uniquingKeysWith: +))
    }

    private init(counts: [TranslationWarning.Reason: Int]) { self.counts = counts }
}
