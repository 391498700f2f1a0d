import Configuration
import DataPath
import LoadBalancing
import TestSupport

/// Random states that the kernel would take, with every attribute there is.
struct RandomState {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func configuration() -> Configuration {
        Configuration(
            desired: DesiredState(
                virtualServers: virtualServers(), timeouts: chance() ? timeouts() : nil,
                syncDaemons: chance() ? syncDaemons() : nil),
            settings: Settings(
                drainTimeout: chance() ? number(0...Settings.maximumDrainTimeout) : nil,
                removalGuard: chance() ? removalGuard() : nil,
                syncInterval: chance() ? number(1...Settings.maximumSyncInterval) : nil,
                minSyncInterval: chance() ? number(0...Settings.maximumMinSyncInterval) : nil,
                auditInterval: chance() ? number(60...Settings.maximumAuditInterval) : nil,
                drift: chance() ? pick(DriftSetting.allCases) : nil, cleanupOnExit: chance() ? chance() : nil,
                telemetry: chance() ? telemetry() : nil, logging: chance() ? logging() : nil,
                network: chance() ? network() : nil))
    }

    mutating func virtualServers() -> [DesiredVirtualServer] {
        var servers: [VirtualServerKey: DesiredVirtualServer] = [:]
        for _ in 0..<number(0...4) {
            let server = virtualServer()
            servers[server.key] = server
        }
        return servers.values.sorted { $0.key < $1.key }
    }

    private mutating func virtualServer() -> DesiredVirtualServer {
        let key = key()
        let canBeOnePacket = key.transportProtocol == nil || key.transportProtocol == .udp
        let needsPersistence = key.transportProtocol != nil && key.port == 0
        let virtualServer = VirtualServer(
            key, scheduler: scheduler(), persistence: needsPersistence || chance() ? persistence(key.family) : nil,
            engine: chance() ? "sip" : nil, onePacket: canBeOnePacket && chance())
        return DesiredVirtualServer(
            virtualServer, realServers: realServers(key),
            name: chance() ? pick(["web", "a/b.c_d-1", "on", "5", "1e3"]) : nil,
            drainTimeout: chance() ? number(0...Settings.maximumDrainTimeout) : nil)
    }

    private mutating func key() -> VirtualServerKey {
        let family = pick(AddressFamily.allCases)
        guard chance(in: 4) else {
            return .endpoint(
                pick(TransportProtocol.allCases), Endpoint(address(family), port: UInt16(number(0...65535))))
        }
        return .firewallMark(number(1...UInt32.max), family)
    }

    private mutating func scheduler() -> Scheduler {
        Scheduler(
            pick(Scheduler.knownNames + ["none", "my-own", "12", "yes", "a:b", "{x}"]),
            flags: SchedulerFlags(rawValue: number(0...7) << 3))
    }

    private mutating func persistence(_ family: AddressFamily) -> Persistence {
        let granularity: PersistenceGranularity =
            switch (chance(), family) {
            case (true, _): .single(family)
            case (_, .ipv4): .mask(number(0...UInt32.max))
            case (_, .ipv6): .prefix(number(1...128))
            }
        return Persistence(timeout: number(1...Persistence.maximumTimeout), granularity: granularity)
    }

    private mutating func realServers(_ key: VirtualServerKey) -> [RealServer] {
        var servers: [Endpoint: RealServer] = [:]
        let common = forwarding()
        let isUniform = chance()
        for _ in 0..<number(0...5) {
            let server = realServer(key, forwarding: isUniform ? common : forwarding())
            servers[server.endpoint] = server
        }
        return servers.values.sorted { $0.endpoint < $1.endpoint }
    }

    private mutating func realServer(_ key: VirtualServerKey, forwarding: ForwardingMethod) -> RealServer {
        var family = key.family
        if case .tunnel = forwarding, chance() { family = pick(AddressFamily.allCases) }
        let keepsPort = key.transportProtocol != nil && !forwarding.translatesPort
        let port = keepsPort || chance() ? key.port : UInt16(number(0...65535))
        let upper = chance() ? number(0...UInt32.max) : 0
        return RealServer(
            Endpoint(address(family), port: port), forwarding: forwarding,
            weight: chance() ? 1 : number(0...RealServer.maximumWeight), upperThreshold: upper,
            lowerThreshold: chance() ? number(0...upper) : 0)
    }

    private mutating func forwarding() -> ForwardingMethod {
        let checksum = pick(TunnelChecksum.allCases)
        return pick([
            .masquerade, .direct, .tunnel(.ipip), .tunnel(.gue(port: UInt16(number(1...65535)), checksum: checksum)),
            .tunnel(.gre(checksum: checksum == .remote ? .none : checksum)),
        ])
    }

    private mutating func address(_ family: AddressFamily) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(v4: number(1...0xDFFF_FFFF))
        case .ipv6:
            IPAddress(
                v6High: chance() ? 0x2001_0DB8_0000_0000 : 0,
                low: UInt64(number(1...UInt32.max)) << UInt64(number(0...32)))
        }
    }

    private mutating func timeouts() -> ConnectionTimeouts {
        let range = 1...ConnectionTimeouts.maximum
        return ConnectionTimeouts(
            tcp: chance() ? number(range) : nil, tcpFin: chance() ? number(range) : nil,
            udp: chance() ? number(range) : nil)
    }

    private mutating func syncDaemons() -> [SyncDaemon] {
        SyncDaemon.Role.allCases.filter { _ in chance() }.map { role in
            SyncDaemon(
                role: role, interface: pick(["eth0", "bond0.100", "off", "0x1"]), syncID: number(0...255),
                maximumLength: chance() ? UInt16(number(1...65507)) : nil,
                group: chance() ? IPAddress(v4: number(0xE000_0000...0xEFFF_FFFF)) : nil,
                port: chance() ? UInt16(number(1...65535)) : nil, timeToLive: chance() ? UInt8(number(1...255)) : nil)
        }
    }

    private mutating func removalGuard() -> RemovalGuardSetting {
        guard chance() else { return .off }
        return .limit(
            share: chance() ? Double(number(0...100)) / 100 : Double(number(0...9999)) / 9999,
            minimum: number(0...UInt32.max))
    }

    private mutating func telemetry() -> TelemetrySetting {
        guard chance() else { return .off }
        let listen = Endpoint(address(pick(AddressFamily.allCases)), port: UInt16(number(2...65535)))
        // A port that nothing else has.
        let free = ListeningPlace(address: chance() ? nil : IPAddress(v4: 0x7F00_0001), port: 1)
        return .on(
            TelemetryOptions(
                listen: ListeningPlace(chance() ? listen : Settings.standardTelemetryEndpoint),
                trafficLimit: number(0...UInt32.max), healthCheckNodePorts: chance(),
                kubeProxy: chance() ? nil : KubeProxyPlaces(healthz: chance() ? nil : free, metrics: nil),
                events: chance()))
    }

    private mutating func logging() -> LoggingSettings {
        LoggingSettings(format: pick(LoggingSettings.Format.allCases), level: pick(LoggingSettings.Level.allCases))
    }

    private mutating func network() -> NetworkSetting {
        guard chance() else { return .off }
        let networks = ["10.0.0.0/8", "2001:db8::/32"].compactMap { IPPrefix($0) }
        let firewall = FirewallSettings(
            masqueradeMark: 1 << number(0...31), masqueradesAll: chance(), podNetworks: chance() ? networks : [])
        return .on(
            DataPathSettings(
                binding: pick(VIPBinding.allCases), device: pick(["ipvsync0", "yes", "1"]), serviceNetworks: networks,
                firewall: chance() ? firewall : nil, setsSysctls: chance(), strictARP: chance(),
                conntrack: ConntrackLimits(
                    maximum: chance() ? number(1...UInt32(Int32.max)) : nil,
                    maximumPerCore: chance() ? number(1...UInt32(Int32.max)) : nil,
                    tcpEstablished: chance() ? number(1...ConntrackLimits.longestTimeout) : nil,
                    tcpCloseWait: chance() ? number(1...ConntrackLimits.longestTimeout) : nil),
                staleProtocols: pick([[], [.udp], [.sctp], [.udp, .sctp]])))
    }

    private mutating func chance(in count: UInt32 = 2) -> Bool { number(1...count) == 1 }

    private mutating func number(_ range: ClosedRange<UInt32>) -> UInt32 { UInt32.random(in: range, using: &generator) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(number(0...UInt32(elements.count - 1)))]
    }
}
