import Configuration
import DataPath
import LoadBalancing
import TestSupport
import Testing

@Suite("Reading a configuration")
struct ConfigurationTests {
    private static func parse(_ text: String) throws -> Configuration { try Configuration.parse(text, file: "f") }

    private static func only(_ text: String) throws -> DesiredVirtualServer {
        try #require(try parse("virtualServers:\n" + text).desired.virtualServers.first)
    }

    @Test("A whole file")
    func wholeFile() throws {
        let configuration = try Self.parse(
            """
            defaults:
              scheduler: mh
              schedulerFlags: [mh-port]
              persistence: 3h
              forwarding: direct
              weight: 7
              drainTimeout: 5m
            drainTimeout: 15m
            removalGuard: {share: 25%, minimum: 3}
            timeouts: {tcp: 15m, udp: 300}
            syncDaemons:
            - {role: backup, interface: eth1}
            - {role: master, interface: eth0, syncID: 5, maximumLength: 1400, group: 224.0.0.82, port: 8849, timeToLive: 2}
            virtualServers:
            - name: web/b
              address: udp 10.0.0.2:53
              scheduler: rr
              onePacket: true
              persistence: off
              drainTimeout: 1m
              realServers:
              - {address: 10.1.0.2, weight: 0}
              - 10.1.0.1
            - address: 10.0.0.1:80
              realServers: []
            """)
        let mh = Scheduler("mh", flags: .flag2)
        let first = DesiredVirtualServer(
            VirtualServer(
                try #require(VirtualServerKey("tcp 10.0.0.1:80")), scheduler: mh,
                persistence: Persistence(timeout: 10_800, granularity: .single(.ipv4))), drainTimeout: 300)
        let second = DesiredVirtualServer(
            VirtualServer(
                try #require(VirtualServerKey("udp 10.0.0.2:53")), scheduler: Scheduler("rr"), onePacket: true),
            realServers: [
                RealServer(try #require(Endpoint("10.1.0.1:53")), forwarding: .direct, weight: 7),
                RealServer(try #require(Endpoint("10.1.0.2:53")), forwarding: .direct, weight: 0),
            ], name: "web/b", drainTimeout: 60)
        #expect(configuration.desired.virtualServers == [first, second])
        #expect(configuration.desired.timeouts == ConnectionTimeouts(tcp: 900, udp: 300))
        #expect(
            configuration.desired.syncDaemons == [
                SyncDaemon(
                    role: .master, interface: "eth0", syncID: 5, maximumLength: 1400, group: IPAddress("224.0.0.82"),
                    port: 8849, timeToLive: 2), SyncDaemon(role: .backup, interface: "eth1"),
            ])
        #expect(configuration.settings == Settings(drainTimeout: 900, removalGuard: .limit(share: 0.25, minimum: 3)))
        #expect(configuration.places[first.key]?.description == "f:24")
        #expect(configuration.places[second.key]?.description == "f:15")
    }

    @Test("Nothing but an empty list is an empty table without settings")
    func emptyTable() throws {
        #expect(try Self.parse("virtualServers: []") == Configuration(desired: DesiredState()))
    }

    @Test(
        "The settings of an agent",
        arguments: [
            ("syncInterval: 45s", Settings(syncInterval: 45)),
            ("minSyncInterval: 100ms", Settings(minSyncInterval: 100)),
            ("minSyncInterval: 1s500ms", Settings(minSyncInterval: 1500)),
            ("minSyncInterval: 60", Settings(minSyncInterval: 60_000)),
            ("minSyncInterval: 0", Settings(minSyncInterval: 0)),
            ("auditInterval: 7d", Settings(auditInterval: 604_800)),
            ("drift: repair", Settings(drift: .repair)), ("drift: report", Settings(drift: .report)),
            ("drift: ignore", Settings(drift: .ignore)),
            ("cleanupOnExit: true", Settings(cleanupOnExit: true)),
            ("telemetry: off", Settings(telemetry: .off)), ("telemetry: {}", Settings(telemetry: .standard)),
            ("telemetry: {trafficLimit: 0}", Settings(telemetry: .on(TelemetryOptions(trafficLimit: 0)))),
            (
                "telemetry: {listen: \"[::1]:9100\", healthCheckNodePorts: false}",
                Settings(
                    telemetry: .on(
                        TelemetryOptions(
                            listen: ListeningPlace(address: IPAddress(v6High: 0, low: 1), port: 9100),
                            healthCheckNodePorts: false)))
            ),
            (
                "telemetry: {listen: ':10250', kubeProxy: {}}",
                Settings(
                    telemetry: .on(
                        TelemetryOptions(listen: ListeningPlace(port: 10_250), kubeProxy: KubeProxyPlaces())))
            ),
            (
                "telemetry: {kubeProxy: {healthz: off, metrics: 127.0.0.1:10249}}",
                Settings(telemetry: .on(TelemetryOptions(kubeProxy: KubeProxyPlaces(healthz: nil))))
            ),
            ("telemetry: {kubeProxy: off}", Settings(telemetry: .standard)),
            ("telemetry: {events: true}", Settings(telemetry: .standard)),
            ("telemetry: {events: false}", Settings(telemetry: .on(TelemetryOptions(events: false)))),
            ("network: off", Settings(network: .off)), ("network: {}", Settings(network: .on(DataPathSettings()))),
            (
                "network: {firewall: false, masqueradeAll: true}",
                Settings(network: .on(DataPathSettings(firewall: nil)))
            ),
            (
                "network: {masqueradeMark: 0x8000, clusterCIDRs: [10.244.0.0/16], strictARP: true}",
                Settings(
                    network: .on(
                        DataPathSettings(
                            firewall: FirewallSettings(
                                masqueradeMark: 0x8000, podNetworks: ["10.244.0.0/16"].compactMap { IPPrefix($0) }),
                            strictARP: true)))
            ),
            ("logging: {}", Settings(logging: LoggingSettings())),
            ("logging: {format: json, level: debug}", Settings(logging: LoggingSettings(format: .json, level: .debug))),
        ])
    func agentSettings(text: String, settings: Settings) throws {
        #expect(try Self.parse("\(text)\nvirtualServers: []").settings == settings)
    }

    @Test("What an agent does unless it is told otherwise")
    func standardSettings() {
        #expect(Settings.standardTelemetryEndpoint.description == "127.0.0.1:10249")
        #expect(TelemetrySetting.standard.options == TelemetryOptions())
        #expect(TelemetryOptions().kubeProxy == nil)
        #expect(KubeProxyPlaces().healthz?.description == ":10256")
        #expect(KubeProxyPlaces().metrics?.description == "127.0.0.1:10249")
        #expect(TelemetrySetting.off.options == nil)
        #expect(DriftSetting.standard == .repair)
    }

    @Test(
        "A virtual server is written in several ways",
        arguments: [
            ("address: 10.0.0.1:80", "tcp 10.0.0.1:80"),
            ("address: udp 10.0.0.1:80", "udp 10.0.0.1:80"),
            ("{address: 10.0.0.1, port: 80, protocol: sctp", "sctp 10.0.0.1:80"),
            ("{address: UDP 10.0.0.1:80, protocol: udp", "udp 10.0.0.1:80"),
            ("{address: 10.0.0.1:80, port: 80", "tcp 10.0.0.1:80"),
            ("address: '[2001:db8::1]:443'", "tcp [2001:db8::1]:443"),
            ("{address: '2001:db8::1', port: 443", "tcp [2001:db8::1]:443"),
            ("{address: 10.0.0.1:0, persistence: 5m", "tcp 10.0.0.1:0"),
            ("firewallMark: 7", "fwmark 7"),
            ("{firewallMark: 4294967295, family: ipv6", "fwmark 4294967295 ipv6"),
        ])
    func keys(text: String, key: String) throws {
        let entry = text.hasPrefix("{") ? "- \(text), realServers: []}" : "- \(text)\n  realServers: []"
        let virtualServer = try Self.only(entry)
        #expect(virtualServer.key == VirtualServerKey(key))
        #expect(virtualServer.virtualServer.scheduler == Scheduler("wlc"))
    }

    @Test(
        "Persistence is written in several ways",
        arguments: [
            ("90s", 90, .mask(.max), nil), ("3600", 3600, .mask(.max), nil), ("1d2h3m4s", 93_784, .mask(.max), nil),
            ("{timeout: 1m, granularity: 255.255.255.0}", 60, .mask(0xFFFF_FF00), nil),
            ("{timeout: 1m, granularity: 255.0.255.0}", 60, .mask(0xFF00_FF00), nil),
            ("{timeout: 1m, granularity: 24}", 60, .mask(0xFFFF_FF00), nil),
            ("{timeout: 1m, granularity: /8, engine: sip}", 60, .mask(0xFF00_0000), "sip"),
        ] as [(String, UInt32, PersistenceGranularity, String?)])
    func persistence(text: String, timeout: UInt32, granularity: PersistenceGranularity, engine: String?) throws {
        let virtualServer = try Self.only("- {address: 10.0.0.1:80, realServers: [], persistence: \(text)}")
        let expected = Persistence(timeout: timeout, granularity: granularity)
        #expect(virtualServer.virtualServer.persistence == expected)
        #expect(virtualServer.virtualServer.engine == engine)
    }

    @Test("An engine stands without persistence too")
    func plainEngine() throws {
        let virtualServer = try Self.only("- {address: 'udp 10.0.0.1:5060', realServers: [], persistenceEngine: sip}")
        #expect(virtualServer.virtualServer.engine == "sip" && virtualServer.virtualServer.persistence == nil)
    }

    @Test("An IPv6 granularity is a prefix length")
    func ipv6Persistence() throws {
        let text = "- {firewallMark: 1, family: ipv6, realServers: [], persistence: {timeout: 1m, granularity: /64}}"
        #expect(
            try Self.only(text).virtualServer.persistence == Persistence(timeout: 60, granularity: .prefix(64)))
    }

    @Test(
        "A real server is written in several ways",
        arguments: [
            ("10.1.0.1", "10.1.0.1:80", .masquerade, 1),
            ("10.1.0.1:8080", "10.1.0.1:8080", .masquerade, 1),
            ("{address: 10.1.0.1, port: 81}", "10.1.0.1:81", .masquerade, 1),
            ("{address: 10.1.0.1, forwarding: direct}", "10.1.0.1:80", .direct, 1),
            (
                "{address: 10.1.0.1, forwarding: tunnel, weight: 2147483647}", "10.1.0.1:80", .tunnel(.ipip),
                2_147_483_647
            ),
            (
                "{address: 'fd00::1', forwarding: tunnel, tunnel: {type: gre, checksum: csum}}", "[fd00::1]:80",
                .tunnel(.gre(checksum: .full)), 1
            ),
            (
                "{address: 10.1.0.1, forwarding: tunnel, tunnel: {type: gue, port: 6080, checksum: remcsum}}",
                "10.1.0.1:80", .tunnel(.gue(port: 6080, checksum: .remote)), 1
            ),
        ] as [(String, String, ForwardingMethod, UInt32)])
    func realServers(text: String, endpoint: String, forwarding: ForwardingMethod, weight: UInt32) throws {
        let virtualServer = try Self.only("- {address: 10.0.0.1:80, realServers: [\(text)]}")
        let expected = RealServer(try #require(Endpoint(endpoint)), forwarding: forwarding, weight: weight)
        #expect(virtualServer.realServers == [expected])
    }

    @Test("The tunnel of a virtual server is that of its real servers")
    func inheritedTunnel() throws {
        let text = """
            - address: 10.0.0.1:80
              tunnel: {type: gre}
              upperThreshold: 10
              realServers:
              - {address: 10.1.0.1, forwarding: tunnel, lowerThreshold: 5}
              - 10.1.0.2:8080
            """
        let virtualServer = try Self.only(text)
        #expect(virtualServer.realServers.map(\.forwarding) == [.tunnel(.gre(checksum: .none)), .masquerade])
        #expect(virtualServer.realServers.map(\.upperThreshold) == [10, 10])
        #expect(virtualServer.realServers.map(\.lowerThreshold) == [5, 0])
    }

    @Test("A scheduler of one's own leaves the default flags behind")
    func schedulerFlags() throws {
        let defaults =
            "defaults: {scheduler: sh, schedulerFlags: [sh-port]}\nvirtualServers:\n- {address: 10.0.0.1:80, realServers: []"
        for (text, scheduler) in [
            ("", Scheduler("sh", flags: .flag2)), (", scheduler: sh", Scheduler("sh")),
            (", schedulerFlags: []", Scheduler("sh")), (", schedulerFlags: [flag-3]", Scheduler("sh", flags: .flag3)),
        ] {
            let state = try Self.parse(defaults + text + "}\n").desired
            #expect(state.virtualServers.first?.virtualServer.scheduler == scheduler)
        }
    }

    @Test("Mutated files never crash the reader")
    func fuzz() throws {
        var generator = SeededGenerator(seed: 3)
        for seed in try ExampleFiles.all() {
            let bytes = Array(seed.text.utf8)
            for _ in 0..<500 {
                var mutated = bytes
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    let index = Int.random(in: 0..<mutated.count, using: &generator)
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: mutated[index] = UInt8.random(in: 0...255, using: &generator)
                    case 1: mutated.insert(bytes.randomElement(using: &generator) ?? 0, at: index)
                    case 2: mutated.removeSubrange(index..<min(mutated.count, index + 4))
                    default: mutated[index] = UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &generator)
                    }
                    if mutated.isEmpty { mutated = bytes }
                }
                do throws(ConfigurationErrors) {
                    _ = try Configuration.parse(mutated, file: "f")
                } catch {
                    #expect(!error.isEmpty)
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }
}
