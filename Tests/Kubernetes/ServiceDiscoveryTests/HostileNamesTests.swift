import Documents
import KubernetesObjects
import ServiceTranslation
import Testing

@testable import ServiceDiscovery

/// Objects of manifests that no API server has looked at: nothing of them may become a line of its own.
@Suite struct HostileNamesTests {
    private func cluster(_ objects: String) throws -> ClusterState {
        let objects = try YAMLNode.documents(in: objects).map { try KubernetesObject($0) }
        return ServiceIndex(objects, translator: ServiceTranslator(policy: TranslationPolicy())).cluster
    }

    private func zone(_ objects: String, domain: String = "cluster.local") throws -> ServiceZone {
        ServiceZone(
            try cluster(objects),
            ServiceZone.Authority(origin: domain, nameServer: "ns.example.", serial: 7, timeToLive: 5))
    }

    /// Beside the three lines with which a zone begins, and the version.
    private func records(_ zone: ServiceZone) -> [String] {
        zone.lines.dropFirst(3).filter { !$0.hasPrefix("dns-version.cluster.local.") }
    }

    /// The form of every record that a zone of Services can hold.
    private static func isRecord(_ line: String) -> Bool {
        let name = #"[a-z0-9_]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9-]*[a-z0-9])?)*\."#
        let value = "(A [0-9.]+|AAAA [0-9a-f:]+|CNAME \(name)|SRV 0 100 [0-9]+ \(name)|PTR \(name))"
        do {
            return try Regex("^\(name) IN \(value)$").wholeMatch(in: line) != nil
        } catch {
            return false
        }
    }

    @Test(arguments: [
        "example.com.\\n*.kube-system.svc.cluster.local. IN A 203.0.113.66\\n$INCLUDE /etc/shadow\\nx",
        "a b ; comment ( \\\" $ORIGIN", "DB.Example.ORG", "my_db.example.org", "db.example.org:5432",
        "http://db.example.org/", "", ".", "..", "a..b", "-a.b", "a-.b", "a\\\\.b", "a.b..", "\\u202Ea", "*", "@",
        "é.example",
    ])
    func anAliasIsANameThatKubernetesTakes(_ name: String) throws {
        let zone = try zone(
            "{kind: Service, metadata: {name: ext, namespace: t}, spec: {type: ExternalName, externalName: \"\(name)\"}}"
        )
        #expect(records(zone).isEmpty)
        #expect(zone.warnings.count == 1 && zone.warnings.first?.hasPrefix("Service t/ext: externalName ") == true)
    }

    @Test(arguments: [
        ("db.example.org", "db.example.org."), ("db.example.org.", "db.example.org."),
        ("104.198.14.52", "104.198.14.52."), ("a", "a."),
    ])
    func otherAliasesStay(_ name: String, _ target: String) throws {
        let zone = try zone(
            "{kind: Service, metadata: {name: ext, namespace: t}, spec: {type: ExternalName, externalName: \(name)}}")
        #expect(records(zone) == ["ext.t.svc.cluster.local. IN CNAME \(target)"])
        #expect(zone.warnings.isEmpty)
    }

    private static let badNames = [
        "kube-dns.kube-system.svc.cluster.local. IN A 203.0.113.67 ;", "@", "*", "a.b", "A", "x y", "x\\n", "x\\0",
        "-x",
        "x-", "", "x_y", "x;y", "$ORIGIN", "\\e[2J", "\\u202Ex",
        "12345678901234567890123456789012345678901234567890123456789012345",
    ]

    @Test(arguments: badNames)
    func aServiceWithAnotherNameIsLeftOut(_ name: String) throws {
        for metadata in ["{name: \"\(name)\", namespace: t}", "{name: web, namespace: \"\(name)\"}"] {
            // An empty namespace is the standard one.
            if name.isEmpty { continue }
            let objects = """
                {kind: Service, metadata: {name: web, namespace: other}, spec: {clusterIPs: [10.96.1.1], ports: [{port: 80}]}}
                ---
                {kind: Service, metadata: \(metadata), spec: {clusterIPs: [10.96.1.2], ports: [{name: http, port: 80}]}}
                """
            let zone = try zone(objects)
            #expect(records(zone) == ["web.other.svc.cluster.local. IN A 10.96.1.1"])
            #expect(zone.warnings.count == 1)
            if metadata.hasSuffix("namespace: t}") {
                let environment = ServiceEnvironment(namespace: "t", in: try cluster(objects))
                #expect(environment.variables.isEmpty && environment.warnings.count == 1)
            }
        }
    }

    @Test(arguments: badNames + ["x y", "p\\nPATH=/evil", "q=1"])
    func aPortWithAnotherNameHasNoRecordAndNoVariable(_ name: String) throws {
        // A port without a name is in order.
        if name.isEmpty { return }
        let objects =
            "{kind: Service, metadata: {name: web, namespace: t}, spec: {clusterIPs: [10.96.1.1], ports: [{name: \"\(name)\", port: 80}]}}"
        let zone = try zone(objects)
        #expect(records(zone) == ["web.t.svc.cluster.local. IN A 10.96.1.1"])
        #expect(zone.warnings.count == 1)
        let environment = ServiceEnvironment(namespace: "t", in: try cluster(objects))
        #expect(environment.warnings.count == 1)
        #expect(environment.variables.count == 7)
        for variable in environment.variables {
            #expect(variable.name.utf8.allSatisfy { "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_".utf8.contains($0) })
        }
    }

    @Test(arguments: badNames.filter { !$0.isEmpty } + ["h IN A 1.2.3.4\\n$INCLUDE /etc/passwd ;"])
    func anEndpointWithAnotherNameGoesByItsAddress(_ name: String) throws {
        let zone = try zone(
            """
            {kind: Service, metadata: {name: hl, namespace: t}, spec: {clusterIPs: [None], ports: [{name: p, port: 80}]}}
            ---
            {kind: EndpointSlice, addressType: IPv4, metadata: {name: hl-1, namespace: t,
              labels: {kubernetes.io/service-name: hl}}, ports: [{name: p, port: 80}],
              endpoints: [{addresses: [10.244.1.1], hostname: "\(name)"}]}
            """)
        #expect(
            records(zone) == [
                "10-244-1-1.hl.t.svc.cluster.local. IN A 10.244.1.1",
                "_p._tcp.hl.t.svc.cluster.local. IN SRV 0 100 80 10-244-1-1.hl.t.svc.cluster.local.",
                "hl.t.svc.cluster.local. IN A 10.244.1.1",
            ])
        #expect(zone.warnings.count == 1)
    }

    @Test func noNameIsLongerThanDNSAllows() throws {
        let label = String(repeating: "a", count: 63)
        let domain = ([String](repeating: String(repeating: "d", count: 59), count: 2) + ["local"]).joined(
            separator: ".")
        let zone = try zone(
            """
            {kind: Service, metadata: {name: \(label), namespace: \(label)}, spec: {clusterIPs: [10.96.1.1],
              ports: [{name: \(label.dropLast()), port: 80}, {name: \(label), port: 81}]}}
            ---
            {kind: Service, metadata: {name: web, namespace: t}, spec: {clusterIPs: [10.96.1.2], ports: [{name: p, port: 80}]}}
            """, domain: domain)
        for line in zone.lines.dropFirst() {
            #expect(line.prefix { $0 != " " }.utf8.count <= 254)
        }
        #expect(zone.lines.contains("web.t.svc.\(domain). IN A 10.96.1.2"))
        #expect(!zone.warnings.isEmpty)
    }

    @Test func everyLineIsARecord() throws {
        var objects: [String] = []
        for (index, name) in Self.badNames.enumerated() where !name.isEmpty {
            objects.append(
                """
                {kind: Service, metadata: {name: s\(index), namespace: t}, spec: {type: ExternalName, externalName: "\(name)"}}
                ---
                {kind: Service, metadata: {name: p\(index), namespace: t}, spec: {clusterIPs: ["10.96.1.\(index)"],
                  ports: [{name: "\(name)", port: 80}, {name: ok, port: 81}]}}
                """)
        }
        let zone = try zone(objects.joined(separator: "\n---\n"))
        #expect(records(zone).count >= Self.badNames.count)
        for line in records(zone) { #expect(Self.isRecord(line), "\(line)") }
    }
}
