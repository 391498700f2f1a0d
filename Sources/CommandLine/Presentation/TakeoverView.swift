package import Agent
package import Documents
internal import KubeProxy
internal import KubernetesObjects
internal import LoadBalancing
package import ServiceTranslation

/// What is removed of kube-proxy's, after the sync that makes it superfluous.
package struct TakeoverView: Presentable {
    private let sync: PlanView
    private let tracking: TrackingChange?
    private let steps: [TakeoverStep]
    private let kept: [String]
    private let isPreview: Bool
    private let refused: [TranslationWarning]

    /// How many chains are named of one table.
    private static let longestList = 20

    /// - Parameters:
    ///   - tracking: What keeps connections that kube-proxy masqueraded.
    ///   - steps: Those that have been made; in a preview, those that would be.
    ///   - kept: What is kube-proxy's and stays.
    ///   - warnings: What could not be done as Services ask; of these, the addresses that are refused are shown.
    package init(
        sync: PlanView, tracking: TrackingChange? = nil, steps: [TakeoverStep], kept: [String], isPreview: Bool,
        warnings: [TranslationWarning] = []
    ) {
        refused = warnings.filter { $0.reason == .address && $0.kind == "Service" }
        self.sync = sync
        self.tracking = tracking
        self.steps = steps
        self.kept = kept
        self.isPreview = isPreview
    }

    package var lines: [Line] {
        var lines = refused.map { Line("No longer served: \($0.description)", .yellow) }
        lines += sync.lines
        if let tracking { lines.append(Line("+ \(tracking)", .green)) }
        for step in steps {
            lines.append(step.isRemoval ? Line("- \(step)", .red) : Line("+ \(step), adopted as it is", .green))
            if case .removeRules(let removal, _) = step { lines += Self.details(removal).map { Line($0) } }
        }
        lines += kept.map { Line("Left: \($0)", .yellow) }
        return lines + [Line(summary)]
    }

    private var summary: String {
        let removals = steps.count(where: \.isRemoval)
        guard removals > 0 else { return "Of kube-proxy's, there is nothing to remove." }
        let count = PlainText.count(removals, "thing")
        return isPreview ? "Of kube-proxy's, \(count) would be removed." : "Of kube-proxy's, \(count) removed."
    }

    private static func details(_ removal: IPTablesRemoval) -> [String] {
        removal.parts.flatMap { part in
            part.jumps.map { "    \(part.table): rule \($0.chain) \($0.specification)" }
                + PlainText.first(
                    longestList, of: part.chains.map { "\(part.table): chain \($0)" },
                    indent: "    ")
        }
    }

    package var document: Document {
        [
            "notServed": .sequence(
                refused.map { warning in
                    ["service": .string(warning.object.description), "reason": .string(warning.message)]
                }),
            "sync": sync.document, "tracking": tracking.map { .string($0.description) } ?? .null,
            "steps": .sequence(steps.map(\.document)), "kept": .sequence(kept.map(Document.string)),
        ]
    }
}

extension TakeoverStep {
    fileprivate var document: Document {
        switch self {
        case .removeRules(let removal, let variant):
            [
                "remove": "rules", "variant": .string(variant.name),
                "tables": .sequence(removal.parts.map(\.document)),
            ]
        case .destroySet(let name): ["remove": "set", "name": .string(name)]
        case .deleteTable(let name): ["remove": "table", "name": .string(name)]
        case .removeVirtualServer(let key): ["remove": "virtualServer", "key": .string(key.description)]
        case .removeDevice(let name, let count):
            ["remove": "device", "name": .string(name), "addresses": .integer(Int64(count))]
        case .adoptDevice(let name, let count):
            ["adopt": "device", "name": .string(name), "addresses": .integer(Int64(count))]
        }
    }
}

extension IPTablesRemoval.Part {
    fileprivate var document: Document {
        [
            "table": .string(table),
            "rules": .sequence(jumps.map { .string("-A \($0.chain) \($0.specification)") }),
            "chains": .sequence(chains.map(Document.string)),
        ]
    }
}
