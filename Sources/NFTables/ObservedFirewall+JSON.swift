internal import DataPath
internal import Documents
internal import LoadBalancing

extension ObservedFirewall {
    /// Reads what `nft -j list table inet ipvsync` prints.
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
            take(member.key, member.value)
        }
    }

    private mutating func take(_ kind: String, _ object: Document) {
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
        let own = ElementSet(rawValue: name)
        for item in set["elem"]?.elements ?? [] {
            if let own, let element = DataPathElement(item, in: own) {
                elements.insert(element)
            } else {
                shape.strangers.append("an element of \(name)")
            }
        }
    }

    /// A text alone is a list of one.
    private static func strings(_ value: Document?) -> [String] {
        value?.string.map { [$0] } ?? value?.elements.compactMap(\.string) ?? []
    }
}

extension DataPathElement {
    /// An element of a set as `nft -j` lists it; `nil` for one that we would not have written.
    fileprivate init?(_ item: Document, in set: ElementSet) {
        let element: DataPathElement?
        switch set {
        case .addresses4, .addresses6: element = item.address.map { .address($0) }
        case .healthCheckPorts: element = item.port.map { .healthCheckPort($0) }
        case .hairpins4, .hairpins6: element = Self.hairpin(item.parts)
        case .services4, .services6: element = Self.service(item.elements)
        case .sources4, .sources6: element = Self.source(item.parts)
        }
        guard let element, element.set == set else { return nil }
        self = element
    }

    private static func hairpin(_ parts: [Document]) -> DataPathElement? {
        guard parts.count == 2, let address = parts[0].address, address == parts[1].address else { return nil }
        return .hairpin(address)
    }

    private static func service(_ pair: [Document]) -> DataPathElement? {
        guard pair.count == 2, let key = VirtualServerKey(pair[0].parts), pair[0].parts.count == 3,
            let chain = pair[1]["goto"]?["target"]?.string,
            let treatment = ServiceTreatment.all.first(where: { $0.chainName == chain })
        else { return nil }
        return .service(key, treatment)
    }

    private static func source(_ parts: [Document]) -> DataPathElement? {
        guard parts.count == 4, let key = VirtualServerKey(parts), let network = parts[3].network else { return nil }
        return .source(key, network)
    }
}

extension VirtualServerKey {
    /// From address, protocol and port, whatever else follows.
    fileprivate init?(_ parts: [Document]) {
        guard parts.count >= 3, let address = parts[0].address, let transportProtocol = parts[1].transportProtocol,
            let port = parts[2].port
        else { return nil }
        self = .endpoint(transportProtocol, Endpoint(address, port: port))
    }
}

extension Document {
    fileprivate var integer: Int? {
        guard case .integer(let value) = self else { return nil }
        return Int(value)
    }

    /// The parts of a key that has several.
    fileprivate var parts: [Document] { self["concat"]?.elements ?? [] }

    fileprivate var address: IPAddress? { string.flatMap { IPAddress($0) } }

    fileprivate var port: UInt16? { count.flatMap { UInt16(exactly: $0) } }

    /// By name; or by number, where the host has no list of names.
    fileprivate var transportProtocol: TransportProtocol? {
        if let string { return TransportProtocol(name: string) }
        return count.flatMap { UInt8(exactly: $0) }.flatMap { TransportProtocol(rawValue: $0) }
    }

    fileprivate var network: IPPrefix? {
        if let address { return IPPrefix(address, length: address.family.bitWidth) }
        guard let address = self["prefix"]?["addr"]?.address, let length = self["prefix"]?["len"]?.count else {
            return nil
        }
        return Int(exactly: length).flatMap { IPPrefix(address, length: $0) }
    }
}
