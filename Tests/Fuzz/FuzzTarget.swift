import ArgumentParser
import Configuration
import IPVS
import KubeProxy
import KubernetesAPI
import LoadBalancing
import Manifests
import Netlink
import TestSupport

/// Something that parses bytes from outside, with inputs to begin from.
struct FuzzTarget {
    enum Name: String, CaseIterable, ExpressibleByArgument {
        case netlink, network, nftables, iptables, yaml, ipvsadm, manifests, kubeconfig, lists, checker
        case migrations, tenant, state
    }

    let corpus: [[UInt8]]
    let consume: ([UInt8]) -> Void

    init(_ name: Name) {
        switch name {
        case .netlink:
            corpus = Self.replies + [Array(Self.listing.utf8)]
            consume = {
                Self.decode($0)
                _ = TableListing.parse($0, ticksPerSecond: 250)
            }
        case .network:
            corpus = Self.networkReplies
            consume = Self.decodeNetwork
        case .nftables:
            corpus = Self.firewallReplies
            consume = Self.decodeFirewall
        case .iptables:
            corpus = [Self.leftovers]
            consume = { _ = try? IPTablesDump(String(decoding: $0, as: UTF8.self), program: "fuzz") }
        case .yaml:
            corpus = Self.configurations
            consume = { _ = try? Configuration.parse($0, file: "fuzz") }
        case .manifests:
            corpus = Self.manifests
            consume = { _ = try? Manifests.parse($0, file: "fuzz") }
        case .kubeconfig:
            corpus = Self.kubeconfigs
            consume = { _ = try? Kubeconfig($0, file: "fuzz").access() }
        case .tenant:
            // Makes objects, not bytes: see TenantTrial.
            corpus = []
            consume = { _ in }
        case .checker:
            corpus = Self.checkerBytes
            consume = Self.readCheckerBytes
        case .migrations:
            corpus = Self.foreignConfigurations
            consume = Self.migrate
        case .state:
            corpus = Self.stateFiles
            consume = Self.readStateFile
        case .lists:
            corpus = Self.lists
            consume = Self.readList
        case .ipvsadm:
            corpus = [Self.rules]
            consume = Self.importRules
        }
    }

    /// Rules, and the configuration and the rules that they become.
    private static func importRules(_ bytes: [UInt8]) {
        guard let dump = try? IpvsadmRules.parse(String(decoding: bytes, as: UTF8.self), file: "fuzz") else { return }
        let text = ImportedTable(dump, syncDaemons: true).yaml()
        guard (try? Configuration.parse(text, file: "fuzz")) != nil else { fatalError("does not read back: \(text)") }
        _ = IpvsadmExport(dump.state)
    }

    /// A listing of the kernel's table, with what others leave in it.
    private static let listing = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port Scheduler Flags
          -> RemoteAddress:Port Forward Weight ActiveConn InActConn
        TCP  C0000201:0050 wlc persistent 75000 FFFFFF00
          -> C6336401:1F90      Masq    1      0          0         \u{20}
        IP_47  C0000202:0050 rr ops
        ICMPv6  [2001:0db8:0000:0000:0000:0000:0000:0001]:0000 rr persistent -294967296 80000000
        FWM  0000002A sh

        """

    /// Whole datagrams as answers to each kind of question.
    private static func decode(_ bytes: [UInt8]) {
        let client = IPVSClient(
            transport: ScriptedTransport { _, sequences in
                [.datagram(bytes), .datagram(WireBytes.done(sequence: sequences[0]))]
            }, family: 0x1C)
        _ = try? client.virtualServers(statistics: true)
        _ = try? client.timeouts()
        _ = try? client.syncDaemons()
        _ = try? client.information()
        guard let key = VirtualServerKey("tcp 192.0.2.1:80") else { return }
        _ = try? client.realServers(of: key, statistics: true)
        _ = try? client.apply([.removeVirtualServer(key)])
    }

    /// What a kernel might answer to the first questions of a client: the sequence numbers are those of its requests.
    private static var replies: [[UInt8]] {
        let service = WireBytes.attribute(
            0x8001,
            WireBytes.attribute(1, [2, 0]) + WireBytes.attribute(2, [6, 0])
                + WireBytes.attribute(3, [192, 0, 2, 1] + [UInt8](repeating: 0, count: 12))
                + WireBytes.attribute(4, [0, 80]) + WireBytes.attribute(6, Array("wrr\0".utf8))
                + WireBytes.attribute(7, [3, 0, 0, 0, 255, 255, 255, 255]) + WireBytes.attribute(8, [16, 14, 0, 0])
                + WireBytes.attribute(9, [255, 255, 255, 0])
                + WireBytes.attribute(0x800C, WireBytes.attribute(1, [1, 0, 0, 0, 0, 0, 0, 0])))
        let destination = WireBytes.attribute(
            0x8002,
            WireBytes.attribute(11, [2, 0])
                + WireBytes.attribute(1, [198, 51, 100, 1] + [UInt8](repeating: 0, count: 12))
                + WireBytes.attribute(2, [31, 144]) + WireBytes.attribute(3, [2, 0, 0, 0])
                + WireBytes.attribute(4, [1, 0, 0, 0]) + WireBytes.attribute(13, [1])
                + WireBytes.attribute(14, [23, 192])
                + WireBytes.attribute(15, [2, 0]))
        let daemon = WireBytes.attribute(
            0x8003,
            WireBytes.attribute(1, [1, 0, 0, 0]) + WireBytes.attribute(2, Array("lo\0".utf8))
                + WireBytes.attribute(3, [7, 0, 0, 0]))
        return (1...6).flatMap { sequence -> [[UInt8]] in
            [
                WireBytes.reply(sequence: sequence, service) + WireBytes.done(sequence: sequence),
                WireBytes.reply(sequence: sequence, command: 5, destination)
                    + WireBytes.reply(sequence: sequence, destination),
                WireBytes.reply(sequence: sequence, daemon),
                WireBytes.reply(sequence: sequence, WireBytes.attribute(4, [100, 0, 0, 0])),
                WireBytes.verdict(22, sequence: sequence, explanation: "invalid"),
                WireBytes.verdict(0, sequence: sequence),
            ]
        }
    }

    private static let configurations = [
        """
        defaults: &d {scheduler: mh, schedulerFlags: [mh-port], persistence: {timeout: 1h, granularity: 24, engine: sip}}
        timeouts: {tcp: 15m, tcpFin: 2m, udp: 5m}
        removalGuard: {share: 50%, minimum: 10}
        syncDaemons:
        - {role: master, interface: eth0, syncID: 5, group: 224.0.0.81}
        virtualServers:
        - name: web
          address: "[2001:db8::1]:443"
          persistence: 3h
          realServers:
          - "[2001:db8:1::1]:8443"
          - {address: 10.1.0.3:443, weight: 5, forwarding: tunnel, tunnel: {type: gue, port: 6080, checksum: remcsum}}
        """,
        """
        virtualServers:
        - {address: udp 10.0.0.1:53, onePacket: true, realServers: [10.1.0.1, 10.1.0.2:5353]}
        - &a {firewallMark: 42, family: ipv6, realServers: []}
        - <<: *a
          firewallMark: 0x2b
        ---
        "quoted": 'text'
        block: |
          lines
        """,
    ].map { Array($0.utf8) }

    private static let manifests = [
        #"{"kind": "List", "items": [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a\u00e9\ud83d\ude00"},"#
            + #""spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80, "targetPort": "http"}]}}, {"kind": "Node"}]}"#,
        #"{"items": [{"metadata": {"name": "x"}, "addressType": "IPv4", "ports": [{"port": 1}], "endpoints": "#
            + #"[{"addresses": ["10.1.0.1"], "conditions": {"ready": true}}]}], "kind": "EndpointSliceList"} {"kind": null}"#,
        """
        --- &s {apiVersion: v1, kind: Service, metadata: {name: "a\\u00e9\\/"}, spec: {clusterIP: 010.96.0.1,
          ports: [&p {port: 0120, <<: [{name: x}, {name: y}]}, *p], externalIPs: [::ffff:192.0.2.1], type: !!str NodePort}}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: b, labels: {kubernetes.io/service-name: a}}
        addressType: IPv4
        endpoints:
        - addresses: [10.1.0.1, 10.1.0.2]
          conditions: {<<: {ready: yes}, serving: Off}
        ports: [{port: 0x50}]
        --- # é
        kind: List
        items: [{apiVersion: v1, kind: Node, metadata: {name: n}, spec: {podCIDR: 10.1.0.0/24}}]
        """,
    ].map { Array($0.utf8) }

    private static let kubeconfigs = [
        """
        apiVersion: v1
        kind: Config
        current-context: c
        contexts: [{name: c, context: {cluster: k, user: u}}]
        clusters:
        - name: k
          cluster: {server: "https://[2001:db8::1]:6443/path", certificate-authority-data: aGk=, proxy-url: socks5://127.0.0.1:1}
        users:
        - name: u
          user: &u {client-certificate-data: aGk=, client-key-data: aGk=}
        - name: t
          user: {<<: *u, token: "a\\x62", insecure-skip-tls-verify: True}
        """,
        #"{"contexts":[{"name":"c","context":{"cluster":"k"}}],"clusters":[{"name":"k","cluster":{"server":"127.0.0.1:1"}}],"#
            + #""current-context":"c","users":null}"#,
    ].map { Array($0.utf8) }

    private static let leftovers = Array(
        """
        # a comment
        *nat
        :PREROUTING ACCEPT [0:0]
        :KUBE-SERVICES - [12:720]
        -A PREROUTING -m comment --comment "kubernetes service \\"portals\\"" -j KUBE-SERVICES
        [3:180] -A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
        COMMIT

        """.utf8)

    private static let rules = Array(
        """
        -A -t 192.0.2.1:80 -s wrr -p 300 -M 255.255.255.0 -b flag-1,flag-2
        -a -t 192.0.2.1:http -r 198.51.100.1:8080 -m -w 3 -x 100 -y 10
        --add-service --udp-service [2001:db8::1]:53 --scheduler=mh --ops
        -a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum
        -A -f 9 -6 -s sh --persistent=60 --pe sip
        """.utf8)
}
