import Configuration
import LoadBalancing
import Testing

struct KubeProxyConfigurationTests {
    private func migrate(_ text: String) throws -> KubeProxyConfiguration {
        try KubeProxyConfiguration(
            Array("apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n\(text)".utf8),
            file: "config.conf")
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
                services:
                  scheduler: wlc
                  nodePortAddresses:
                  - 192.0.2.0/24
                  - 2001:db8::/32
                timeouts:
                  tcp: 15m
                  udp: 1m30s
                virtualServers: []

                """)
        let read = try Configuration.parse(yaml, file: "ipvsync.yaml")
        #expect(read.settings == migrated.configuration.settings)
        #expect(read.desired == migrated.configuration.desired)
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
                "3 mode", "4 clusterCIDR", "6 iptables.masqueradeAll", "6 iptables.masqueradeBit", "7 ipvs.strictARP",
                "7 ipvs.excludeCIDRs", "8 clientConnection.kubeconfig", "9 somethingNew",
            ])
        #expect(migrated.configuration.yaml() == "virtualServers: []\n")
    }

    @Test(arguments: [
        ("ipvs: {tcpTimeout: soon}", "config.conf:3:20: ipvs.tcpTimeout"),
        ("nodePortAddresses: [here]", "config.conf:3:21: nodePortAddresses"),
    ])
    func refusesWhatMakesNoSense(text: String, message: String) {
        let error = #expect(throws: ConfigurationErrors.self) { _ = try migrate(text) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }

    @Test func refusesAnotherFile() {
        #expect(throws: ConfigurationErrors.self) {
            _ = try KubeProxyConfiguration(Array("kind: ConfigMap".utf8), file: "x")
        }
    }

    @Test(arguments: [
        ("{nodePortAddresses: primary}", ServiceDefaults(nodePortAddresses: .primary)),
        ("{scheduler: mh, localFallback: true}", ServiceDefaults(scheduler: "mh", localFallback: true)),
        ("{proxyName: other}", ServiceDefaults(proxyName: "other")),
    ])
    func readsServices(text: String, expected: ServiceDefaults) throws {
        let read = try Configuration.parse("services: \(text)\nvirtualServers: []", file: "a.yaml")
        #expect(read.settings.services == expected)
    }

    @Test func saysWhereANetworkIsNone() {
        let error = #expect(throws: ConfigurationErrors.self) {
            _ = try Configuration.parse(
                "services: {nodePortAddresses: [10.0.0.300/8]}\nvirtualServers: []", file: "a.yaml")
        }
        #expect(error?.description.hasPrefix("a.yaml:1:32") == true, "\(error?.description ?? "")")
    }
}
