import DataPath
import Documents
import LoadBalancing

extension ValueKind where Value == NetworkSetting {
    /// `off`, or a mapping.
    static var network: Self { .object(.network, orOff: .off) { NetworkSetting($0) } }
}

extension NetworkSetting {
    fileprivate init?(_ reader: MappingReader) {
        let standard = DataPathSettings()
        let rules = FirewallSettings()
        let serviceNetworks = reader(Fields.serviceCIDRs) ?? []
        let binding = reader(Fields.vipBinding) ?? standard.binding
        guard binding != .route || !serviceNetworks.isEmpty else {
            reader.scope.report(
                reader.node, "vipBinding is route, but there are no serviceCIDRs",
                "write the networks of the Services' addresses, such as serviceCIDRs: [10.96.0.0/12]")
            return nil
        }
        let firewall = FirewallSettings(
            masqueradeMark: reader(Fields.masqueradeMark) ?? rules.masqueradeMark,
            masqueradesAll: reader(Fields.masqueradeAll) ?? rules.masqueradesAll,
            podNetworks: reader(Fields.clusterCIDRs) ?? rules.podNetworks)
        self = .on(
            DataPathSettings(
                binding: binding, device: reader(Fields.device) ?? standard.device, serviceNetworks: serviceNetworks,
                firewall: reader(Fields.firewall) == false ? nil : firewall,
                setsSysctls: reader(Fields.sysctls) ?? standard.setsSysctls,
                strictARP: reader(Fields.strictARP) ?? standard.strictARP,
                conntrack: ConntrackLimits(
                    maximum: reader(Fields.conntrackMax), maximumPerCore: reader(Fields.conntrackMaxPerCore),
                    tcpEstablished: reader(Fields.tcpEstablishedTimeout),
                    tcpCloseWait: reader(Fields.tcpCloseWaitTimeout)),
                staleProtocols: reader(Fields.flushConntrack).map(Set.init) ?? standard.staleProtocols))
    }
}

extension ValueKind where Value == IPPrefix {
    static var prefix: Self {
        ValueKind(schema: ["type": "string"]) { node, field, scope in
            if let network = node.scalar.flatMap({ IPPrefix($0.text) }) { return network }
            scope.report(node, "\(field) holds \(node.summary)", "write a network such as 192.0.2.0/24")
            return nil
        }
    }
}

extension ValueKind where Value == UInt32 {
    /// One bit of a packet's mark, in decimal or, as a string, in hexadecimal.
    static var markBit: Self {
        let schema: Document = [
            "anyOf": [
                ["enum": .sequence((0..<32).map { .integer(Int64(1) << $0) })],
                ["type": "string", "pattern": "^0x[1248]0{0,7}$"],
            ]
        ]
        return ValueKind(schema: schema) { node, field, scope in
            let text = node.scalar?.text ?? ""
            let value = text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
            guard let value, value.nonzeroBitCount == 1 else {
                scope.report(
                    node, "\(field) is \(node.summary)", "write a number with one bit set, such as \"0x4000\"")
                return nil
            }
            return value
        }
    }
}
