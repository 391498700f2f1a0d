package import DataPath
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
        for set in ElementSet.allCases where shape.sets[set.name] != nil {
            let found = try client.elements(of: set)
            elements.formUnion(found.ours)
            if found.strangers > 0 { shape.strangers.append("an element of \(set.name)") }
        }
    }

    /// Whether rules, chains and sets are those of the settings, and nothing of others is in the table.
    package func isIntact(under settings: FirewallSettings) -> Bool { damage(under: settings) == nil }

    /// What is not as the settings would have it, for people; elements that are missing or too many do not count.
    package func damage(under settings: FirewallSettings) -> String? {
        shape.damage(comparedWith: FirewallShape(settings))
    }
}
