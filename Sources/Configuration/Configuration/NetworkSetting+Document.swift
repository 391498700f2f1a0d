import DataPath
import Documents
import LoadBalancing

extension NetworkSetting {
    /// The setting as it is written in a file, without what is the standard anyway.
    var document: Document {
        guard let options else { return "off" }
        let standard = DataPathSettings()
        var members: [Document.Member] = []
        members.append(options.binding, unless: standard.binding, as: Fields.vipBinding) { .string($0.rawValue) }
        members.append(options.device, unless: standard.device, as: Fields.device, Document.string)
        members.append(
            options.serviceNetworks, unless: standard.serviceNetworks, as: Fields.serviceCIDRs, Document.networks)
        members.append(options.firewall)
        members.append(options.setsSysctls, unless: standard.setsSysctls, as: Fields.sysctls, Document.bool)
        members.append(options.strictARP, unless: standard.strictARP, as: Fields.strictARP, Document.bool)
        let conntrack = options.conntrack
        members.append(conntrack.maximum, as: Fields.conntrackMax) { .integer(Int64($0)) }
        members.append(conntrack.maximumPerCore, as: Fields.conntrackMaxPerCore) { .integer(Int64($0)) }
        members.append(conntrack.tcpEstablished, as: Fields.tcpEstablishedTimeout) { .string(DurationText.text($0)) }
        members.append(conntrack.tcpCloseWait, as: Fields.tcpCloseWaitTimeout) { .string(DurationText.text($0)) }
        members.append(options.staleProtocols, unless: standard.staleProtocols, as: Fields.flushConntrack) { names in
            .sequence(names.sorted().map { .string($0.description) })
        }
        return .mapping(members)
    }
}

extension [Document.Member] {
    fileprivate mutating func append<Value: Equatable, Declared>(
        _ value: Value, unless standard: Value, as field: Field<Declared>, _ document: (Value) -> Document
    ) {
        append(value == standard ? nil : value, as: field, document)
    }

    fileprivate mutating func append(_ firewall: FirewallSettings?) {
        let standard = FirewallSettings()
        guard let firewall else {
            append(false, as: Fields.firewall, Document.bool)
            return
        }
        append(firewall.podNetworks, unless: standard.podNetworks, as: Fields.clusterCIDRs, Document.networks)
        append(firewall.masqueradesAll, unless: standard.masqueradesAll, as: Fields.masqueradeAll, Document.bool)
        append(firewall.masqueradeMark, unless: standard.masqueradeMark, as: Fields.masqueradeMark) {
            .string("0x" + String($0, radix: 16))
        }
    }
}

extension Document {
    fileprivate static func networks(_ networks: [IPPrefix]) -> Document {
        .sequence(networks.map { .string($0.description) })
    }
}
