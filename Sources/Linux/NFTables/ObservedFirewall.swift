package import DataPath
internal import LoadBalancing
package import Netlink

/// Our table as the kernel has it.
package struct ObservedFirewall: Hashable, Sendable {
    package var elements: Set<DataPathElement>
    /// Everything else: chains, rules and the declarations of sets.
    package var shape: FirewallShape

    package init(elements: Set<DataPathElement>, shape: FirewallShape) {
        self.elements = elements
        self.shape = shape
    }

    /// A table that is switched off, or has another flag; what it holds is not looked at.
    static func flagged(_ flags: UInt32) -> ObservedFirewall {
        var firewall = ObservedFirewall(elements: [], shape: FirewallShape())
        firewall.shape.tableFlags = [flags == 1 ? "dormant" : "0x" + String(flags, radix: 16)]
        return firewall
    }

    /// Takes what the sets hold, for their listing does not tell.
    package mutating func takeElements(from client: NFTablesClient) throws(NetlinkError) {
        let lists = try takeSources(from: client)
        for set in ElementSet.fixed where shape.sets[set.name] != nil {
            let found = try client.elements(of: set, lists: lists)
            elements.formUnion(found.ours)
            if found.strangers > 0 { shape.strangers.append("an element of \(set.name)") }
        }
    }

    /// Takes the lists of sources, by the names of their chains. One that is not as we make it stays in the shape.
    private mutating func takeSources(from client: NFTablesClient) throws(NetlinkError) -> [String: SourceList] {
        var lists: [String: SourceList] = [:]
        for name in shape.sets.keys {
            guard let family = AddressFamily.allCases.first(where: { name.hasPrefix(SourceList.prefix($0)) }),
                let list = try client.sourceList(name, family), shape.remove(list)
            else { continue }
            lists[name] = list
            elements.insert(.sources(list))
        }
        return lists
    }

    /// Whether rules, chains and sets are those of the settings, and nothing of others is in the table.
    package func isIntact(under settings: FirewallSettings) -> Bool { damage(under: settings) == nil }

    /// What is not as the settings would have it, for people; elements that are missing or too many do not count.
    package func damage(under settings: FirewallSettings) -> String? {
        shape.damage(comparedWith: FirewallShape(settings))
    }
}
