import Documents
import LoadBalancing

extension VirtualServerReader {
    /// What the virtual server serves; `nil` after a report of what is wrong.
    func key() -> VirtualServerKey? {
        switch (reader(Fields.address), reader.has("firewallMark")) {
        case (let address?, false):
            return endpointKey(address)
        case (nil, true):
            return firewallMarkKey()
        case (_?, true):
            reader.scope.report(
                reader.place(of: "firewallMark"), "address and firewallMark exclude each other", "keep one of the two")
        case (nil, false):
            guard !reader.has("address") else { break }
            reader.scope.report(
                reader.node, "neither address nor firewallMark", "write `address: 10.0.0.1:80` or `firewallMark: 1`")
        }
        return nil
    }

    private func firewallMarkKey() -> VirtualServerKey? {
        for name in ["protocol", "port"] where reader.has(name) {
            reader.scope.report(reader.place(of: name), "\(name) has no meaning for a firewall mark", "leave it out")
        }
        let family = reader(Fields.family) ?? .ipv4
        return reader(Fields.firewallMark).map { .firewallMark($0, family) }
    }

    private func endpointKey(_ node: YAMLNode) -> VirtualServerKey? {
        if reader.has("family") {
            reader.scope.report(reader.place(of: "family"), "family is only for a firewall mark", "leave it out")
        }
        guard let text = node.addressText("address", reader.scope) else { return nil }
        let words = text.split(separator: " ", maxSplits: 1)
        var transportProtocol = reader(Fields.transportProtocol) ?? defaults.transportProtocol
        if words.count == 2, let word = words.first {
            guard let named = TransportProtocol(name: word) else {
                reader.scope.report(
                    node, "`\(word)` is no protocol",
                    "write \(TransportProtocol.allCases.map(\.description).alternatives)")
                return nil
            }
            if reader.has("protocol"), named != transportProtocol {
                reader.scope.report(
                    reader.place(of: "protocol"), "the address says \(named), protocol \(transportProtocol)",
                    "keep one of the two")
            }
            transportProtocol = named
        }
        guard let (address, port) = reader.endpoint(words.last ?? "", of: node) else { return nil }
        guard let port else {
            guard !reader.has("port") else { return nil }
            reader.scope.report(node, "the address has no port", "write one: \(Endpoint(address, port: 80))")
            return nil
        }
        return .endpoint(transportProtocol, Endpoint(address, port: port))
    }

    /// What messages call a virtual server: by name, address or mark, whatever it has.
    static func label(_ node: YAMLNode) -> String? {
        for (key, prefix) in [("name", ""), ("address", ""), ("firewallMark", "fwmark ")] {
            if let text = node[key]?.scalar?.text, !text.isEmpty { return "virtual server \(prefix)\(text)" }
        }
        return nil
    }
}

extension MappingReader {
    /// The address in a text, with the port from there or from `port`; `nil` after a report.
    func endpoint(_ text: some StringProtocol, of node: YAMLNode) -> (IPAddress, UInt16?)? {
        let own = self(Fields.port)
        do throws(Complaint) {
            let (address, port) = try AddressText.parse(text)
            if let port, let own, port != own {
                scope.report(place(of: "port"), "the address says port \(port), port \(own)", "keep one of the two")
            }
            return (address, port ?? own)
        } catch {
            scope.report(node, error.problem, error.remedy)
            return nil
        }
    }
}

extension YAMLNode {
    /// The text of an address; `nil` after a report of what else it is.
    func addressText(_ field: String, _ scope: Scope) -> String? {
        if let text = scalar?.text, !text.isEmpty { return text }
        scope.report(
            self, "\(field) is \(summary)", "write an address with a port, and quote it if it begins with a bracket")
        return nil
    }
}
