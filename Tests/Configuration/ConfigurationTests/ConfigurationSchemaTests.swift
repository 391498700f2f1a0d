import Configuration
import Documents
import Testing

@Suite("The JSON Schema")
struct ConfigurationSchemaTests {
    private let schema = SchemaValidator(ConfigurationSchema.document)

    private static func accepts(_ text: String) -> Bool {
        do {
            _ = try Configuration.parse(text, file: "f")
            return true
        } catch {
            return false
        }
    }

    private func schemaAccepts(_ text: String) throws -> Bool {
        let node = try #require(try YAMLNode.documents(in: text).first)
        return schema.accepts(Document(node))
    }

    @Test("The examples are valid to the reader and the schema")
    func examples() throws {
        let examples = try ExampleFiles.all()
        #expect(examples.count == 5)
        for example in examples {
            #expect(Self.accepts(example.text), "\(example.name)")
            #expect(try schemaAccepts(example.text), "\(example.name)")
        }
    }

    @Test("Whatever is written is valid to the schema")
    func rendered() throws {
        var random = RandomState(seed: 99)
        for _ in 0..<200 {
            let text = random.configuration().yaml()
            #expect(try schemaAccepts(text), "\(text)")
        }
    }

    @Test(
        "The reader and the schema judge alike",
        arguments: [
            "apiVersion: ipvsync/v1\nvirtualServers: []", "apiVersion: ipvsync/v2\nvirtualServers: []",
            "apiVersion: v1\nvirtualServers: []", "apiVersion: 1\nvirtualServers: []",
            "virtualServers: []", "virtualServers: {}", "virtualServers: [1]", "virtualServers: []\nx: 1", "- 1",
            "virtualServers: []\ndrainTimeout: 90", "virtualServers: []\ndrainTimeout: 1h30m",
            "virtualServers: []\ndrainTimeout: 1m1h", "virtualServers: []\ndrainTimeout: -1",
            "virtualServers: []\ndrainTimeout: ''", "virtualServers: []\ndrainTimeout: 1.5",
            "virtualServers: []\nremovalGuard: off", "virtualServers: []\nremovalGuard: on",
            "virtualServers: []\nremovalGuard: {share: 50%, minimum: 3}",
            "virtualServers: []\nremovalGuard: {share: 0.5}", "virtualServers: []\nremovalGuard: {share: 1.5}",
            "virtualServers: []\nremovalGuard: {share: 150%}", "virtualServers: []\nremovalGuard: {minimum: -1}",
            "virtualServers: []\nminSyncInterval: 100ms", "virtualServers: []\nminSyncInterval: 1s500ms",
            "virtualServers: []\nminSyncInterval: 60", "virtualServers: []\nminSyncInterval: 61",
            "virtualServers: []\nminSyncInterval: 100ms1s", "virtualServers: []\nminSyncInterval: 0.5",
            "virtualServers: []\nsyncInterval: 100ms", "virtualServers: []\nauditInterval: 59",
            "virtualServers: []\nauditInterval: 60", "virtualServers: []\ndrift: report",
            "virtualServers: []\ndrift: off", "virtualServers: []\ncleanupOnExit: true",
            "virtualServers: []\ncleanupOnExit: yes", "virtualServers: []\ntelemetry: off",
            "virtualServers: []\ntelemetry: on", "virtualServers: []\ntelemetry: {}",
            "virtualServers: []\ntelemetry: {listen: 127.0.0.1:10249, trafficLimit: 0, healthCheckNodePorts: false}",
            "virtualServers: []\ntelemetry: {listen: '[::1]:10249'}", "virtualServers: []\ntelemetry: {listen: 10249}",
            "virtualServers: []\ntelemetry: {listen: 127.0.0.1}", "virtualServers: []\ntelemetry: {listen: '::1:80'}",
            "virtualServers: []\ntelemetry: {kubeProxy: off}",
            "virtualServers: []\ntelemetry: {kubeProxy: {healthz: ':10256', metrics: '127.0.0.1:10249'}}",
            "virtualServers: []\ntelemetry: {kubeProxy: {healthz: off}}",
            "virtualServers: []\ntelemetry: {kubeProxy: {healthz: 10256}}",
            "virtualServers: []\ntelemetry: {kubeProxy: {other: ':1'}}",
            "virtualServers: []\ntelemetry: {trafficLimit: -1}", "virtualServers: []\nlogging: {format: json}",
            "virtualServers: []\nlogging: {format: xml}", "virtualServers: []\nlogging: {level: warning}",
            "virtualServers: []\nlogging: debug", "virtualServers: []\nnetwork: off",
            "virtualServers: []\nnetwork: {}", "virtualServers: []\nnetwork: on",
            "virtualServers: []\nnetwork: {vipBinding: none, device: vips0, masqueradeMark: 16384}",
            "virtualServers: []\nnetwork: {masqueradeMark: '0x4000'}", "virtualServers: []\nnetwork: {device: a/b}",
            "virtualServers: []\nnetwork: {masqueradeMark: 5}", "virtualServers: []\nnetwork: {masqueradeMark: '0x5'}",
            "virtualServers: []\nnetwork: {conntrackMax: 0}", "virtualServers: []\nnetwork: {firewall: no}",
            "virtualServers: []\nnetwork: {flushConntrack: [udp, sctp]}",
            "virtualServers: []\nnetwork: {flushConntrack: [tcp]}", "virtualServers: []\nnetwork: {other: 1}",
            "virtualServers: []\nnetwork: {sysctls: false, strictARP: true, clusterCIDRs: [10.0.0.0/8]}",
            "virtualServers: []\ntimeouts: {tcp: 15m, tcpFin: 2m, udp: 300}", "virtualServers: []\ntimeouts: {icmp: 1}",
            "virtualServers: []\nsyncDaemons: [{role: master, interface: eth0}]",
            "virtualServers: []\nsyncDaemons: [{role: master}]",
            "virtualServers: []\nsyncDaemons: [{role: main, interface: eth0}]",
            "virtualServers: []\nsyncDaemons: [{role: master, interface: eth0, syncID: 256}]",
            "virtualServers: []\ndefaults: {protocol: udp, scheduler: rr, weight: 2, persistence: off}",
            "virtualServers: []\ndefaults: {protocol: icmp}", "virtualServers: []\ndefaults: {address: 10.0.0.1:80}",
            "virtualServers: []\ndefaults: {realServers: []}",
            "virtualServers: [{address: 10.0.0.1:80, realServers: []}]", "virtualServers: [{address: 10.0.0.1:80}]",
            "virtualServers: [{realServers: []}]", "virtualServers: [{address: 10.0.0.1:80, realServers: {}}]",
            "virtualServers: [{address: 10.0.0.1:80, realServers: [10.1.0.1:80]}]",
            "virtualServers: [{address: 10.0.0.1:80, realServers: [{address: 10.1.0.1:80, weight: 1}]}]",
            "virtualServers: [{address: 10.0.0.1:80, realServers: [{weight: 1}]}]",
            "virtualServers: [{address: 10.0.0.1:80, realServers: [], weight: 2147483648}]",
            "virtualServers: [{address: 10.0.0.1:80, realServers: [], weight: \"1\"}]",
            "virtualServers: [{address: 10.0.0.1:80, realServers: [], onePacket: yes}]",
            "virtualServers: [{address: udp 10.0.0.1:80, realServers: [], onePacket: true}]",
            "virtualServers: [{address: 10.0.0.1, port: 80, realServers: []}]",
            "virtualServers: [{address: 10.0.0.1, port: 65536, realServers: []}]",
            "virtualServers: [{address: 10.0.0.1:80, family: ipv4, realServers: []}]",
            "virtualServers: [{address: 10.0.0.1:80, firewallMark: 1, realServers: []}]",
            "virtualServers: [{address: 10.0.0.1:80, firewallMark: 1, protocol: tcp, realServers: []}]",
            "virtualServers: [{firewallMark: 1, realServers: []}]",
            "virtualServers: [{firewallMark: 0, realServers: []}]",
            "virtualServers: [{firewallMark: 1, family: ipv6, realServers: []}]",
            "virtualServers: [{firewallMark: 1, port: 80, realServers: []}]",
            "virtualServers: [{firewallMark: 1, persistence: 1m, realServers: []}]",
            "virtualServers: [{firewallMark: 1, persistence: {timeout: 1m, granularity: /24}, realServers: []}]",
            "virtualServers: [{firewallMark: 1, persistence: {timeout: 1m, granularity: 24, engine: sip}, realServers: []}]",
            "virtualServers: [{firewallMark: 1, persistence: {granularity: 24}, realServers: []}]",
            "virtualServers: [{firewallMark: 1, persistence: {timeout: 1m, granularity: x}, realServers: []}]",
            "virtualServers: [{firewallMark: 1, name: 'a b', realServers: []}]",
            "virtualServers: [{firewallMark: 1, name: 5, realServers: []}]",
            "virtualServers: [{firewallMark: 1, scheduler: 'a b', realServers: []}]",
            "virtualServers: [{firewallMark: 1, scheduler: abcdefghijklmnop, realServers: []}]",
            "virtualServers: [{firewallMark: 1, schedulerFlags: [flag-1], realServers: []}]",
            "virtualServers: [{firewallMark: 1, schedulerFlags: flag-1, realServers: []}]",
            "virtualServers: [{firewallMark: 1, forwarding: tunnel, tunnel: {type: gre, checksum: csum}, realServers: []}]",
            "virtualServers: [{firewallMark: 1, forwarding: tunnel, tunnel: {type: vxlan}, realServers: []}]",
            "virtualServers: [{firewallMark: 1, forwarding: tunnel, tunnel: {port: 5}, realServers: []}]",
            "virtualServers: [{firewallMark: 1, forwarding: tunnel, tunnel: {type: gue, port: 0}, realServers: []}]",
            "virtualServers: [{firewallMark: 1, forwarding: nat, realServers: []}]",
        ])
    func judgement(text: String) throws {
        #expect(try schemaAccepts(text) == Self.accepts(text))
    }

    @Test("Every property of the schema is known to the reader, and described")
    func properties() {
        var objects = 0
        visit(ConfigurationSchema.document, path: []) { properties, path in
            objects += 1
            for property in properties {
                #expect(property.value["description"] != nil, "\(path) \(property.key)")
                // An unknown key is told before anything else is looked at.
                let text = Self.file(with: property.key, in: path)
                #expect(!Self.problems(text).contains("unknown key"), "\(text)")
                #expect(Self.problems(Self.file(with: "unheard", in: path)).contains("unknown key"), "\(path)")
            }
        }
        #expect(objects == 30)
    }

    @Test("It is JSON with its dialect named")
    func text() {
        #expect(
            ConfigurationSchema.text.hasPrefix("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"))
    }

    /// Visits the properties of every object, with the keys that lead there; `[]` is an element of a list.
    private func visit(
        _ schema: Document, path: [String], _ body: ([Document.Member], [String]) throws -> Void
    ) rethrows {
        guard case .mapping(let members) = schema else { return }
        for member in members {
            switch (member.key, member.value) {
            case ("properties", .mapping(let properties)):
                try body(properties, path)
                for property in properties { try visit(property.value, path: path + [property.key], body) }
            case ("items", let items):
                try visit(items, path: path + ["[]"], body)
            case ("anyOf", .sequence(let choices)):
                for choice in choices { try visit(choice, path: path, body) }
            default: break
            }
        }
    }

    private static func file(with key: String, in path: [String]) -> String {
        let inner = "{\(key): ~}"
        return path.reversed().reduce(inner) { text, step in step == "[]" ? "[\(text)]" : "{\(step): \(text)}" }
    }

    private static func problems(_ text: String) -> String {
        do throws(ConfigurationErrors) {
            _ = try Configuration.parse(text, file: "f")
            return ""
        } catch {
            return error.description
        }
    }
}
