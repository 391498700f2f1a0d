internal import Documents

extension ObservedFirewall {
    /// Reads what `nft -j list table inet ipvsync` prints, but for elements.
    ///
    /// Nothing is passed over: what is in the table and is not understood counts as a stranger's.
    package init(json bytes: [UInt8]) throws(NFTablesError) {
        let listing: Document
        do {
            listing = try Document(json: bytes)
        } catch {
            throw NFTablesError(operation: "read the table inet ipvsync", message: "nft printed no JSON: \(error)")
        }
        guard listing["nftables"] != nil else {
            throw NFTablesError(operation: "read the table inet ipvsync", message: "nft printed no list of objects")
        }
        self.init(elements: [], shape: FirewallShape())
        for object in listing["nftables"]?.elements ?? [] {
            guard case .mapping(let members) = object, let member = members.first else { continue }
            read(member.key, member.value)
        }
    }

    private mutating func read(_ kind: String, _ object: Document) {
        switch kind {
        case "metainfo": break
        case "table": shape.tableFlags = Self.strings(object["flags"]).sorted()
        case "chain": takeChain(object)
        case "rule":
            shape.chains[object["chain"]?.string ?? "", default: FirewallShape.Chain(hook: "", seals: [])].seals
                .append(object["comment"]?.string ?? "none")
        case "set", "map": takeSet(object, isMap: kind == "map")
        default: shape.strangers.append("a \(kind)")
        }
    }

    private mutating func takeChain(_ chain: Document) {
        let name = chain["name"]?.string ?? ""
        let hook = chain["hook"]?.string.map { hook in
            FirewallShape.text(
                type: chain["type"]?.string ?? "", hook: hook, priority: chain["prio"]?.integer ?? 0,
                policy: chain["policy"]?.string ?? "")
        }
        shape.chains[name, default: FirewallShape.Chain(hook: "", seals: [])].hook = hook ?? ""
    }

    private mutating func takeSet(_ set: Document, isMap: Bool) {
        let name = set["name"]?.string ?? ""
        shape.sets[name] = FirewallShape.Set(
            types: Self.strings(set["type"]), isMap: isMap, flags: Self.strings(set["flags"]).sorted())
    }

    /// A text alone is a list of one.
    private static func strings(_ value: Document?) -> [String] {
        value?.string.map { [$0] } ?? value?.elements.compactMap(\.string) ?? []
    }
}

extension Document {
    fileprivate var integer: Int? {
        guard case .integer(let value) = self else { return nil }
        return Int(value)
    }
}
