package import LoadBalancing

/// Random desired states over few keys, so that they overlap and every kind of change occurs.
package struct RandomStates {
    private var generator: SeededGenerator

    package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// A number in the range.
    package mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// A desired state, sorted.
    package mutating func desired() -> DesiredState {
        let servers = (0..<8).compactMap { number(0..<4) == 0 ? nil : virtualServer($0) }
        return DesiredState(virtualServers: servers.sorted { $0.key < $1.key })
    }

    private mutating func virtualServer(_ index: Int) -> DesiredVirtualServer {
        let endpoint = Endpoint(IPAddress(v4: 0xC000_0200 + UInt32(index)), port: 80)
        let key: VirtualServerKey =
            index == 7 ? .firewallMark(7, .ipv4) : .endpoint(index == 6 ? .udp : .tcp, endpoint)
        let server = VirtualServer(
            key, scheduler: Scheduler(["rr", "wrr", "sh"][number(0..<3)]),
            persistence: number(0..<3) == 0 ? Persistence(timeout: 300, granularity: .single(.ipv4)) : nil,
            onePacket: key.transportProtocol == .udp && number(0..<2) == 0)
        return DesiredVirtualServer(
            server, realServers: (0..<6).compactMap { number(0..<2) == 0 ? nil : realServer($0) }, name: "s\(index)",
            drainTimeout: number(0..<3) == 0 ? 30 : nil)
    }

    private mutating func realServer(_ index: Int) -> RealServer {
        RealServer(
            Endpoint(IPAddress(v4: 0xC633_6400 + UInt32(index)), port: 80),
            forwarding: [.masquerade, .direct, .tunnel(.gre(checksum: .full))][number(0..<3)],
            weight: UInt32(number(0..<3)), upperThreshold: UInt32(number(0..<2) * 100))
    }
}
