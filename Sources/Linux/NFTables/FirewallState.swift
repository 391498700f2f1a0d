package import DataPath
internal import LoadBalancing

/// What our table shall hold: the rules that follow from the settings, and the elements of its sets.
package struct FirewallState: Hashable, Sendable {
    package let settings: FirewallSettings
    package private(set) var elements: Set<DataPathElement>

    /// Leaves out what changes nothing: of two treatments or guards of one virtual server all but one, and lists that
    /// guard nothing; lists that guard something are taken in. And what no rule can say: firewall marks, virtual servers
    /// of every port, guards of the other family.
    package init(settings: FirewallSettings, elements: some Sequence<DataPathElement>) {
        self.settings = settings
        self.elements = Self.normalized(elements)
    }

    /// Follows a change between two states that leave out nothing.
    package mutating func apply(_ change: DataPathChange) {
        elements.subtract(change.removed)
        for element in change.added where element.set != nil { elements.insert(element) }
    }

    private static func normalized(_ elements: some Sequence<DataPathElement>) -> Set<DataPathElement> {
        var kept: Set<DataPathElement> = []
        var treatments: [VirtualServerKey: ServiceTreatment] = [:]
        var guards: [VirtualServerKey: SourceList] = [:]
        for element in elements where element.set != nil {
            switch element {
            case .service(let key, let treatment):
                treatments[key] =
                    treatments[key].map { $0.chainName < treatment.chainName ? $0 : treatment } ?? treatment
            case .guarded(let key, let list): guards[key] = guards[key].map { min($0, list) } ?? list
            case .sources: break
            default: kept.insert(element)
            }
        }
        for (key, treatment) in treatments { kept.insert(.service(key, treatment)) }
        for (key, list) in guards {
            let element = DataPathElement.guarded(key, list)
            kept.insert(element)
            if let sources = element.neededSources { kept.insert(sources) }
        }
        return kept
    }
}
