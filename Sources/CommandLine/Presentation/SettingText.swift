internal import LoadBalancing

/// Settings of virtual servers in a few words.
enum SettingText {
    /// `mh (mh-fallback, mh-port)`, `rr one-packet`, `rr flags 0x40` for flags that have no name.
    static func scheduler(_ observed: ObservedVirtualServer) -> String {
        let flags = observed.otherFlags == 0 ? "" : " flags 0x\(String(observed.otherFlags, radix: 16))"
        return scheduler(observed.virtualServer) + flags
    }

    /// `mh (mh-fallback, mh-port)`, `rr one-packet`.
    static func scheduler(_ virtualServer: VirtualServer) -> String {
        let scheduler = virtualServer.scheduler
        let flags = scheduler.flags.names(for: scheduler.name)
        return scheduler.name + (flags.isEmpty ? "" : " (\(flags.joined(separator: ", ")))")
            + (virtualServer.onePacket ? " one-packet" : "")
    }

    /// `3h`, `5m /24`, `1h sip`, `-`, or `- sip` for an engine without persistence.
    static func persistence(_ virtualServer: VirtualServer) -> String {
        guard let persistence = virtualServer.persistence else {
            return virtualServer.engine.map { "- \($0)" } ?? "-"
        }
        var words = [DurationText.text(UInt64(persistence.timeout))]
        switch persistence.granularity {
        case .mask(.max), .prefix(128): break
        case let granularity: words.append(granularity.prefixLength.map { "/\($0)" } ?? granularity.description)
        }
        if let engine = virtualServer.engine { words.append(engine) }
        return words.joined(separator: " ")
    }
}
