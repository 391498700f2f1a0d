internal import LoadBalancing

/// Settings of virtual servers in a few words.
enum SettingText {
    /// `mh (mh-fallback, mh-port)`, `rr one-packet`.
    static func scheduler(_ virtualServer: VirtualServer) -> String {
        let scheduler = virtualServer.scheduler
        let flags = scheduler.flags.names(for: scheduler.name)
        return scheduler.name + (flags.isEmpty ? "" : " (\(flags.joined(separator: ", ")))")
            + (virtualServer.onePacket ? " one-packet" : "")
    }

    /// `3h`, `5m /24`, `1h sip`, or `-`.
    static func persistence(_ persistence: Persistence?) -> String {
        guard let persistence else { return "-" }
        var words = [DurationText.text(UInt64(persistence.timeout))]
        switch persistence.granularity {
        case .mask(.max), .prefix(128): break
        case let granularity: words.append(granularity.prefixLength.map { "/\($0)" } ?? granularity.description)
        }
        if let engine = persistence.engine { words.append(engine) }
        return words.joined(separator: " ")
    }
}
