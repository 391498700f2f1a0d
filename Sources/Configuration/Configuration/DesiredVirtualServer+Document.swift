import Documents
import HealthChecks
import LoadBalancing

extension DesiredVirtualServer {
    /// The entry of `virtualServers` that declares it. What cannot be declared is written too, and does not read back.
    ///
    /// - Parameter health: How it is watched.
    func document(_ health: HealthRules?) -> Document {
        var members: [Document.Member] = []
        members.append(name, as: Fields.name, Document.string)
        members += keyMembers + virtualServer.members
        members.append(drainTimeout, as: Fields.drainTimeout) { .string(DurationText.text($0)) }
        members.append(activeWhen, as: Fields.activeWhen) { ["address": .string($0.description)] }
        // One forwarding method for all stands once, so that the real servers stay short.
        let forwarding = commonForwarding
        if forwarding != .masquerade { members += forwarding.members }
        members += health?.members ?? []
        members.append(health?.backup, as: Fields.backup) { $0.document(under: key, forwarding: forwarding, nil) }
        members.append(realServers, as: Fields.realServers) { servers in
            .sequence(
                servers.map { $0.document(under: key, forwarding: forwarding, health?.own[$0.endpoint]) })
        }
        return .mapping(members)
    }

    private var keyMembers: [Document.Member] {
        var members: [Document.Member] = []
        switch key {
        case .endpoint(let transportProtocol, let endpoint):
            members.append(endpoint, as: Fields.address) { .string($0.description) }
            members.append(transportProtocol == .tcp ? nil : transportProtocol, as: Fields.transportProtocol) {
                .string($0.description)
            }
        case .otherProtocol(let number, let endpoint):
            members.append(endpoint, as: Fields.address) { .string($0.description) }
            members.append(number, as: Fields.transportProtocol) { .integer(Int64($0)) }
        case .firewallMark(let mark, let family):
            members.append(mark, as: Fields.firewallMark) { .integer(Int64($0)) }
            members.append(family == .ipv4 ? nil : family, as: Fields.family) { .string($0.description) }
        }
        return members
    }

    private var commonForwarding: ForwardingMethod {
        guard let first = realServers.first?.forwarding, realServers.allSatisfy({ $0.forwarding == first }) else {
            return .masquerade
        }
        return first
    }
}

extension VirtualServerKey {
    fileprivate var isFirewallMark: Bool {
        if case .firewallMark = self { return true }
        return false
    }
}

extension VirtualServer {
    fileprivate var members: [Document.Member] {
        var members: [Document.Member] = []
        members.append(scheduler.name, as: Fields.scheduler, Document.string)
        if !scheduler.flags.isEmpty {
            members.append(scheduler.flags, as: Fields.schedulerFlags) { flags in
                .sequence(flags.names(for: scheduler.name).map(Document.string))
            }
        }
        members.append(onePacket ? true : nil, as: Fields.onePacket, Document.bool)
        members.append(persistence, as: Fields.persistence) { $0.document(key.family, engine: engine) }
        members.append(persistence == nil ? engine : nil, as: Fields.persistenceEngine, Document.string)
        return members
    }
}

extension Persistence {
    fileprivate func document(_ family: AddressFamily, engine: String?) -> Document {
        let isSingle = granularity == .single(family)
        guard !isSingle || engine != nil else { return .string(DurationText.text(timeout)) }
        var members: [Document.Member] = []
        members.append(timeout, as: Fields.persistenceTimeout) { .string(DurationText.text($0)) }
        members.append(isSingle ? nil : granularity, as: Fields.granularity, \.document)
        members.append(engine, as: Fields.engine, Document.string)
        return .mapping(members)
    }
}

extension PersistenceGranularity {
    fileprivate var document: Document {
        switch self {
        case .mask: .string(description)
        case .prefix(let length): .integer(Int64(length))
        }
    }
}

extension RealServer {
    /// The short form where everything else is as given or by default.
    fileprivate func document(
        under key: VirtualServerKey, forwarding common: ForwardingMethod, _ checks: [ServerCheck]?
    ) -> Document {
        // A firewall mark's real servers mostly keep the port of the packet, which is written as none.
        let text = key.isFirewallMark && endpoint.port == 0 ? "\(endpoint.address)" : "\(endpoint)"
        var members: [Document.Member] = []
        members.append(text, as: Fields.address, Document.string)
        if forwarding != common { members += forwarding.members }
        members.append(weight == 1 ? nil : weight, as: Fields.weight) { .integer(Int64($0)) }
        members.append(upperThreshold == 0 ? nil : upperThreshold, as: Fields.upperThreshold) { .integer(Int64($0)) }
        members.append(lowerThreshold == 0 ? nil : lowerThreshold, as: Fields.lowerThreshold) { .integer(Int64($0)) }
        members.append(checks, as: Fields.checks) { .sequence($0.map(\.document)) }
        return members.count == 1 ? .string(text) : .mapping(members)
    }
}

extension ForwardingMethod {
    fileprivate var members: [Document.Member] {
        var members: [Document.Member] = []
        members.append(name, as: Fields.forwarding, Document.string)
        if case .tunnel(let tunnel) = self, tunnel != .ipip { members.append(tunnel, as: Fields.tunnel, \.document) }
        return members
    }
}

extension Tunnel {
    fileprivate var document: Document {
        var members: [Document.Member] = []
        members.append(type?.rawValue ?? description, as: Fields.tunnelType, Document.string)
        if case .gue(let port, _) = self { members.append(port, as: Fields.tunnelPort) { .integer(Int64($0)) } }
        members.append(checksum == TunnelChecksum.none ? nil : checksum, as: Fields.tunnelChecksum) {
            .string($0.description)
        }
        return .mapping(members)
    }
}
