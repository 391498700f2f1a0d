// swift-format-ignore-file: NeverForceUnwrap

import Configuration
import DataPath
import LoadBalancing
import Testing

struct KubeProxyConfigurationTests {
    private func migrate(_ text: String) throws -> KubeProxyConfiguration {
        try KubeProxyConfiguration(
            Array("apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n\(text)".utf8),
            file: "config.conf")
    }

    /// kubespray and KubeKey write `False`, for Jinja2 does.
    @Test(arguments: ["false", "False", "FALSE", "no", "No", "off", "Off", "n", "null", "~", ""])
    func everySpellingOfFalseIsFalse(word: String) throws {
        let migrated = try migrate("ipvs: {strictARP: \(word)}\niptables: {masqueradeAll: \(word)}")
        #expect(migrated.configuration.settings == (try migrate("")).configuration.settings)
        #expect(migrated.notes.isEmpty)
    }

    @Test(arguments: ["true", "True", "yes", "On", "Y"]) func everySpellingOfTrueIsTrue(word: String) throws {
        let migrated = try migrate("ipvs: {strictARP: \(word)}\niptables: {masqueradeAll: \(word)}")
        guard case .on(let network) = migrated.configuration.settings.network else {
            Issue.record("no network")
            return
        }
        #expect(network.strictARP && network.rules?.masqueradesAll == true)
    }

    @Test(arguments: [
        ("ipvs: {strictARP: maybe}", "ipvs.strictARP is", "write true or false"),
        ("ipvs: {strictARP: \"true\"}", "ipvs.strictARP is", "write true or false"),
        ("iptables: {masqueradeAll: 1}", "iptables.masqueradeAll is", "write true or false"),
        ("ipvs: {scheduler: 5}", "ipvs.scheduler is", "write it in quotes"),
        ("ipvs: {syncPeriod: 30}", "ipvs.syncPeriod is", "write a duration"),
        ("iptables: {masqueradeBit: \"14\"}", "iptables.masqueradeBit is", "write the number of a bit"),
    ])
    func otherTypesAreRefused(text: String, problem: String, remedy: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try migrate(text) }
        let found = error?.description ?? ""
        #expect(found.contains(problem) && found.contains(remedy), "\(found)")
    }

    @Test func octalNumbersAreThoseOfKubeProxy() throws {
        let migrated = try migrate("iptables: {masqueradeBit: 016}")
        guard case .on(let network) = migrated.configuration.settings.network else {
            Issue.record("no network")
            return
        }
        #expect(network.rules?.masqueradeMark == 1 << 14)
    }

    @Test func carriesOverWhatItCan() throws {
        let migrated = try migrate(
            """
            mode: ipvs
            ipvs: {scheduler: wlc, syncPeriod: 45s, tcpTimeout: 15m0s, tcpFinTimeout: 0s, udpTimeout: 1m30s}
            nodePortAddresses: [192.0.2.0/24, "2001:db8::/32"]
            """)
        #expect(migrated.notes.isEmpty)
        let yaml = migrated.configuration.yaml()
        #expect(
            yaml == """
                syncInterval: 45s
                telemetry:
                  listen: 127.0.0.1:10249
                  trafficLimit: 2000
                  healthCheckNodePorts: true
                  kubeProxy:
                    healthz: ":10256"
                    metrics: 127.0.0.1:10249
                services:
                  scheduler: wlc
                  nodePortAddresses:
                  - 192.0.2.0/24
                  - 2001:db8::/32
                network:
                  device: kube-ipvs0
                  conntrackMax: 131072
                  conntrackMaxPerCore: 32768
                  tcpEstablishedTimeout: 1d
                  tcpCloseWaitTimeout: 1h
                timeouts:
                  tcp: 15m
                  udp: 1m30s
                virtualServers: []

                """)
        let read = try Configuration.parse(yaml, file: "ipvsync.yaml")
        #expect(read.settings == migrated.configuration.settings)
        #expect(read.desired == migrated.configuration.desired)
    }

    @Test(arguments: [
        ("metricsBindAddress: 127.0.0.1:9100", Settings(telemetry: telemetry("127.0.0.1:9100"))),
        ("metricsBindAddress: 0.0.0.0", Settings(telemetry: telemetry("0.0.0.0:10249"))),
        // There a Go program takes connections of both families.
        ("metricsBindAddress: \"[::]:10249\"", Settings(telemetry: telemetry(":10249"))),
        (
            "healthzBindAddress: 127.0.0.1:1234",
            Settings(telemetry: telemetry("127.0.0.1:10249", healthz: "127.0.0.1:1234"))
        ),
        ("healthzBindAddress: 0.0.0.0", Settings(telemetry: telemetry("127.0.0.1:10249", healthz: "0.0.0.0:10256"))),
        ("healthzBindAddress: \"\"", Settings()),
        ("metricsBindAddress: \"::1\"", Settings(telemetry: telemetry("[::1]:10249"))),
        ("metricsBindAddress: \"\"", Settings()),
        ("ipvs: {minSyncPeriod: 500ms}", Settings(minSyncInterval: 500)),
        ("ipvs: {minSyncPeriod: 1.5s}", Settings(minSyncInterval: 1500)),
        ("ipvs: {minSyncPeriod: 1m0s}", Settings(minSyncInterval: 60_000)),
        ("ipvs: {syncPeriod: 1.5s}", Settings(syncInterval: 2)),
        (
            "ipvs: {strictARP: true}",
            Settings(network: .on(DataPathSettings(device: device, strictARP: true, conntrack: standardTracking)))
        ),
        (
            "conntrack: {maxPerCore: 32768, min: 131072}",
            tracking(standardTracking)
        ),
        (
            "conntrack: {maxPerCore: null, min: 524288}",
            tracking(
                ConntrackLimits(
                    maximum: 524_288, maximumPerCore: 32_768, tcpEstablished: 86_400, tcpCloseWait: 3_600))
        ),
        // Then kube-proxy leaves the limit alone.
        (
            "conntrack: {maxPerCore: 0, min: 131072}",
            tracking(ConntrackLimits(tcpEstablished: 86_400, tcpCloseWait: 3_600))
        ),
        (
            "conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}",
            tracking(ConntrackLimits())
        ),
        (
            "conntrack: {maxPerCore: 65536, min: null, tcpEstablishedTimeout: 2h0m0s, tcpCloseWaitTimeout: 30m0s}",
            tracking(
                ConntrackLimits(
                    maximum: 131_072, maximumPerCore: 65_536, tcpEstablished: 7_200, tcpCloseWait: 1_800))
        ),
        ("iptables: {masqueradeAll: true, masqueradeBit: 15}", rules(mark: 0x8000, all: true)),
        ("iptables: {masqueradeBit: 0}", rules(mark: 1)),
        ("clusterCIDR: 10.244.0.0/16,fd00::/48", rules(pods: ["10.244.0.0/16", "fd00::/48"])),
    ])
    func carriesOverTheSettingsOfTheAgent(text: String, settings: Settings) throws {
        let migrated = try migrate(text)
        #expect(migrated.notes.isEmpty)
        var expected = settings
        expected.telemetry = expected.telemetry ?? Self.telemetry("127.0.0.1:10249")
        expected.network = expected.network ?? Self.tracking(Self.standardTracking).network
        #expect(migrated.configuration.settings == expected)
        #expect(try Configuration.parse(migrated.configuration.yaml(), file: "ipvsync.yaml").settings == expected)
    }

    private static let device = "kube-ipvs0"

    /// What kube-proxy takes for limits that a file leaves open.
    private static let standardTracking = ConntrackLimits(
        maximum: 131_072, maximumPerCore: 32_768, tcpEstablished: 86_400, tcpCloseWait: 3_600)

    private static func tracking(_ limits: ConntrackLimits) -> Settings {
        Settings(network: .on(DataPathSettings(device: device, conntrack: limits)))
    }

    private static func rules(
        mark: UInt32 = FirewallSettings.defaultMark, all: Bool = false, pods: [String] = []
    ) -> Settings {
        let firewall = FirewallSettings(
            masqueradeMark: mark, masqueradesAll: all, podNetworks: pods.compactMap { IPPrefix($0) })
        return Settings(network: .on(DataPathSettings(device: device, firewall: firewall, conntrack: standardTracking)))
    }

    private static func telemetry(_ metrics: String, healthz: String = ":10256") -> TelemetrySetting {
        let metrics = ListeningPlace(metrics)!
        return .on(
            TelemetryOptions(
                listen: metrics, kubeProxy: KubeProxyPlaces(healthz: ListeningPlace(healthz)!, metrics: metrics)))
    }

    @Test(arguments: [
        ("ipvs: {minSyncPeriod: 2m0s}", "config.conf:3: ipvs.minSyncPeriod: minSyncInterval is 1m at most"),
        ("ipvs: {syncPeriod: 48h0m0s}", "config.conf:3: ipvs.syncPeriod: syncInterval is 1d at most"),
    ])
    func saysWhatTakesItsPlace(text: String, note: String) throws {
        #expect(try migrate(text).notes.map(\.description) == [note])
    }

    @Test func namesWhatDoesNotCarryOver() throws {
        let migrated = try migrate(
            """
            mode: iptables
            clusterCIDR: 10.244.0.0/16
            hostnameOverride: ""
            iptables: {masqueradeAll: true, masqueradeBit: 14, localhostNodePorts: null}
            ipvs: {strictARP: true, excludeCIDRs: [10.9.0.0/16], minSyncPeriod: 0s, scheduler: ""}
            clientConnection: {kubeconfig: /var/lib/kube-proxy/kubeconfig.conf, qps: 0}
            somethingNew: 7
            """)
        #expect(
            migrated.notes.map { "\($0.place.line) \($0.key)" } == [
                "3 mode", "7 ipvs.excludeCIDRs", "8 clientConnection.kubeconfig", "9 somethingNew",
            ])
        #expect(
            migrated.configuration.yaml() == """
                telemetry:
                  listen: 127.0.0.1:10249
                  trafficLimit: 2000
                  healthCheckNodePorts: true
                  kubeProxy:
                    healthz: ":10256"
                    metrics: 127.0.0.1:10249
                network:
                  device: kube-ipvs0
                  clusterCIDRs:
                  - 10.244.0.0/16
                  masqueradeAll: true
                  strictARP: true
                  conntrackMax: 131072
                  conntrackMaxPerCore: 32768
                  tcpEstablishedTimeout: 1d
                  tcpCloseWaitTimeout: 1h
                virtualServers: []

                """)
    }

    @Test(arguments: [
        ("ipvs: {tcpTimeout: soon}", "config.conf:3:20: ipvs.tcpTimeout"),
        ("ipvs: {minSyncPeriod: 5}", "config.conf:3:23: ipvs.minSyncPeriod"),
        ("conntrack: {maxPerCore: -1}", "config.conf:3:25: conntrack.maxPerCore"),
        ("conntrack: {tcpCloseWaitTimeout: 5}", "config.conf:3:34: conntrack.tcpCloseWaitTimeout"),
        ("metricsBindAddress: here", "config.conf:3:21: metricsBindAddress"),
        ("metricsBindAddress: 127.0.0.1:0", "config.conf:3:21: metricsBindAddress"),
        ("nodePortAddresses: [here]", "config.conf:3:21: nodePortAddresses"),
        ("nodePortAddresses: 10.0.0.0/8", "config.conf:3:20: nodePortAddresses is"),
    ])
    func refusesWhatMakesNoSense(text: String, message: String) {
        let error = #expect(throws: ConfigurationErrors.self) { _ = try migrate(text) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }

    @Test func nodePortsOfWordsAndNetworks() throws {
        let migrated = try migrate("nodePortAddresses: [primary, 192.0.2.0/24]")
        #expect(migrated.configuration.settings.services?.nodePortAddresses == .primaryAnd([IPPrefix("192.0.2.0/24")!]))
        #expect(migrated.configuration.yaml().contains("  nodePortAddresses:\n  - primary\n  - 192.0.2.0/24\n"))
        let error = #expect(throws: ConfigurationErrors.self) {
            try Configuration.parse("services: {nodePortAddresses: [localhost]}\nvirtualServers: []", file: "a.yaml")
        }
        #expect(error?.description.contains("IPVS serves no loopback address; leave it out") == true)
    }

    @Test func refusesAnotherFile() {
        #expect(throws: ConfigurationErrors.self) {
            _ = try KubeProxyConfiguration(Array("kind: ConfigMap".utf8), file: "x")
        }
    }

    @Test(arguments: [
        ("{nodePortAddresses: primary}", ServiceDefaults(nodePortAddresses: .primary)),
        ("{nodePortAddresses: all}", ServiceDefaults(nodePortAddresses: .all)),
        ("{nodePortAddresses: [primary]}", ServiceDefaults(nodePortAddresses: .primary)),
        (
            "{nodePortAddresses: [primary, 10.0.0.0/8]}",
            ServiceDefaults(nodePortAddresses: .primaryAnd([IPPrefix("10.0.0.0/8")!]))
        ),
        ("{nodePortAddresses: [10.0.0.0/8, all]}", ServiceDefaults(nodePortAddresses: .all)),
        ("{scheduler: mh, localFallback: true}", ServiceDefaults(scheduler: "mh", localFallback: true)),
        ("{edge: true}", ServiceDefaults(edge: true)), ("{proxyName: other}", ServiceDefaults(proxyName: "other")),
        ("{annotations: all}", ServiceDefaults(annotations: .all)),
        ("{annotations: none}", ServiceDefaults(annotations: ServiceDefaults.Annotations.none)),
        ("{annotations: [weight, drain-timeout]}", ServiceDefaults(annotations: .named(["weight", "drain-timeout"]))),
        (
            "{externalIPs: none, loadBalancerIPs: any, nodeAddresses: true}",
            ServiceDefaults(externalIPs: AddressAllowance.none, loadBalancerIPs: .any, nodeAddresses: true)
        ),
        (
            "{externalIPs: {allow: [203.0.113.0/24], namespaces: {shop: [198.51.100.0/24, \"2001:db8::/32\"], lab: []}}}",
            ServiceDefaults(
                externalIPs: .networks(
                    [IPPrefix("203.0.113.0/24")].compactMap(\.self),
                    namespaces: [
                        "shop": ["198.51.100.0/24", "2001:db8::/32"].compactMap { IPPrefix($0) }, "lab": [],
                    ]))
        ),
        ("{loadBalancerIPs: {allow: []}}", ServiceDefaults(loadBalancerIPs: .networks([]))),
    ])
    func readsServices(text: String, expected: ServiceDefaults) throws {
        let read = try Configuration.parse("services: \(text)\nvirtualServers: []", file: "a.yaml")
        #expect(read.settings.services == expected)
        #expect(try Configuration.parse(read.yaml(), file: "b.yaml").settings.services == expected)
    }

    @Test(arguments: [
        ("externalIPs: all", "a.yaml:1:25"), ("externalIPs: [203.0.113.0/24]", "a.yaml:1:25"),
        ("externalIPs: {allow: [203.0.113.0/33]}", "a.yaml:1:34"), ("externalIPs: {deny: []}", "a.yaml:1:26"),
        ("loadBalancerIPs: {namespaces: [shop]}", "a.yaml:1:42"),
        ("loadBalancerIPs: {namespaces: {Shop: []}}", "a.yaml:1:43"),
        ("loadBalancerIPs: {namespaces: {shop: [all]}}", "a.yaml:1:50"), ("nodeAddresses: k3s", "a.yaml:1:27"),
    ])
    func saysWhereAnAllowanceIsNone(_ text: String, _ place: String) {
        let error = #expect(throws: ConfigurationErrors.self) {
            _ = try Configuration.parse("services: {\(text)}\nvirtualServers: []", file: "a.yaml")
        }
        #expect(error?.description.hasPrefix(place) == true, "\(error?.description ?? "")")
    }

    @Test func saysWhereANetworkIsNone() {
        let error = #expect(throws: ConfigurationErrors.self) {
            _ = try Configuration.parse(
                "services: {nodePortAddresses: [10.0.0.300/8]}\nvirtualServers: []", file: "a.yaml")
        }
        #expect(error?.description.hasPrefix("a.yaml:1:32") == true, "\(error?.description ?? "")")
    }
}
