internal import LoadBalancing

extension FieldChange {
    /// What an edit of a virtual server changes.
    static func between(_ old: VirtualServer, _ new: VirtualServer) -> [FieldChange] {
        var changes: [FieldChange] = []
        changes.note("scheduler", old.scheduler.name, new.scheduler.name)
        changes.note(
            "schedulerFlags", old.scheduler.flags.names(for: old.scheduler.name).joined(separator: ","),
            new.scheduler.flags.names(for: new.scheduler.name).joined(separator: ","))
        changes.note("onePacket", old.onePacket.description, new.onePacket.description)
        let family = new.key.family
        changes.note("persistence", old.persistence.timeoutText, new.persistence.timeoutText)
        changes.note("granularity", old.persistence.granularityText(family), new.persistence.granularityText(family))
        changes.note("engine", old.engine ?? "none", new.engine ?? "none")
        return changes
    }

    /// What an edit of a real server changes.
    static func between(_ old: RealServer, _ new: RealServer) -> [FieldChange] {
        var changes: [FieldChange] = []
        if old.forwarding != .local {
            changes.note("forwarding", old.forwarding.description, new.forwarding.description)
        }
        changes.note("weight", old.weight.description, new.weight.description)
        changes.note("upperThreshold", old.upperThreshold.description, new.upperThreshold.description)
        changes.note("lowerThreshold", old.lowerThreshold.description, new.lowerThreshold.description)
        return changes
    }

    /// What an edit of the connection timeouts changes; `new` holds only what differs.
    static func between(_ old: ConnectionTimeouts, _ new: ConnectionTimeouts) -> [FieldChange] {
        var changes: [FieldChange] = []
        changes.note("tcp", old.tcp, new.tcp)
        changes.note("tcpFin", old.tcpFin, new.tcpFin)
        changes.note("udp", old.udp, new.udp)
        return changes
    }
}

extension [FieldChange] {
    fileprivate mutating func note(_ field: String, _ old: String, _ new: String) {
        if old != new { append(FieldChange(field: field, old: old, new: new)) }
    }

    fileprivate mutating func note(_ field: String, _ old: UInt32?, _ new: UInt32?) {
        if let new { note(field, old.map { "\($0)s" } ?? "unknown", "\(new)s") }
    }
}

extension Persistence? {
    fileprivate var timeoutText: String { map { "\($0.timeout)s" } ?? "off" }

    fileprivate func granularityText(_ family: AddressFamily) -> String {
        (self?.granularity ?? .single(family)).description
    }
}
