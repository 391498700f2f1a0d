import Agent
import Glibc
import TemporaryFiles
import TestSupport
import Testing

/// Files and servers in which every text is hostile, and the calls of every command that come across them.
final class HostileSite {
    private let folder: TemporaryFolder
    private var servers: [CannedServer] = []
    private let prefix = TerminalBytes.fileName

    init() throws {
        folder = try TemporaryFolder()
        let text = TerminalBytes.escaped
        try write(
            """
            virtualServers:
            - {name: "\(text)", address: "192.0.2.1:80", scheduler: "\(text)", realServers: ["\(text)"]}
            - {address: "\(text)", realServers: []}
            "\(text)": 1
            network: {device: "\(text)"}
            """, "invalid.yaml")
        try write("a: [\u{1B}[2J\u{9B}\u{202E}", "broken.yaml")
        try write("a: *\u{202E}\u{9B}x", "alias.yaml")
        try write(
            "virtualServers: [{name: \"\(text)\", address: 192.0.2.1:80, realServers: [198.51.100.1]}]", "named.yaml")
        try write("virtualServers: [{address: 192.0.2.1:80, realServers: [198.51.100.1]}]", "valid.yaml")
        try write("virtualServers: []", "empty.yaml")
        try write(Self.manifests, "objects.json")
        try write(
            "{\"kind\":\"List\",\"items\":[{\"kind\":\"Service\",\"metadata\":{\"name\":\"\(text)\"},\"spec\":7}]}",
            "odd.json")
        try write(
            "-A -t 192.0.2.1:80 -s \u{1B}[2J\u{9B}\n-\u{202E} \u{1B}[31m\n-A -f \u{1B}[2J\n-A -t 192.0.2.2:80 -s rr\u{202E}\n",
            "rules")
        try write(
            """
            kind: KubeProxyConfiguration
            mode: "\(text)"
            "\(text)": "\(text)"
            ipvs: {scheduler: "\(text)", excludeCIDRs: ["\(text)"], syncPeriod: "\(text)", "\(text)": 1}
            nodePortAddresses: ["\(text)"]
            hostnameOverride: "\(text)"
            """, "kube-proxy.yaml")
        try write(
            """
            kind: KubeProxyConfiguration
            mode: iptables
            hostnameOverride: "\(text)"
            showHiddenMetricsForVersion: "\(text)"
            """, "kube-proxy-2.yaml")
        let hostile = TerminalBytes.hostile
        try write(
            "\(hostile) {\n}\nvirtual_server 192.0.2.1 80 {\nprotocol TCP\nreal_server 198.51.100.1 80 {\n}\n}\n",
            "keepalived.conf")
        try write("virtual = 192.0.2.1:80\n    \(hostile) = 1\nvirtual = \(hostile)\n", "ldirectord.cf")
        try #require(mkfifo(path("fifo.yaml"), 0o600) == 0)
        try #require(mkfifo(path("conf.d/a.yaml", makesFolder: true), 0o600) == 0)
        try writeKubeconfigs()
        try makeAgent()
    }

    /// The path of a file with a hostile name.
    func path(_ name: String, makesFolder: Bool = false) throws -> String {
        let parts = "\(prefix)\(name)".split(separator: "/").map(String.init)
        if makesFolder, parts.count > 1 { try folder.makeFolder(parts.dropLast().joined(separator: "/")) }
        return folder.file(parts.joined(separator: "/"))
    }

    var state: String { folder.file("state") }
    private var emptyFile: String { folder.file("\(prefix)empty.yaml") }

    private func write(_ text: String, _ name: String) throws { try folder.write(text, to: "\(prefix)\(name)") }

    private static let manifests: String = {
        let text = TerminalBytes.escaped
        let hostile = """
            {"apiVersion":"v1","kind":"Service",
            "metadata":{"name":"web","namespace":"tenant","annotations":{"ipvsync.io/scheduler":"\(text)",
            "ipvsync.io/weight":"\(text)","ipvsync.io/drain-timeout":"\(text)","ipvsync.io/\(text)":"1"}},
            "spec":{"clusterIPs":["10.96.1.1"],"ports":[{"name":"\(text)","port":80}],"externalIPs":["\(text)"],
            "type":"LoadBalancer","loadBalancerSourceRanges":["\(text)"]},
            "status":{"loadBalancer":{"ingress":[{"ip":"\(text)","ipMode":"\(text)"}]}}},
            {"apiVersion":"v1","kind":"Service",
            "metadata":{"name":"\(text)","namespace":"tenant"},
            "spec":{"clusterIPs":["10.96.1.2"],"ports":[{"port":80}]}},
            {"apiVersion":"v1","kind":"Service",
            "metadata":{"name":"web","namespace":"\(text)"},
            "spec":{"clusterIPs":["10.96.1.1"],"ports":[{"port":80}]}},
            {"apiVersion":"v1","kind":"Service",
            "metadata":{"name":"ext","namespace":"tenant"},
            "spec":{"type":"ExternalName","externalName":"\(text)"}},
            {"apiVersion":"v1","kind":"Service",
            "metadata":{"name":"other","namespace":"tenant",
            "labels":{"service.kubernetes.io/service-proxy-name":"\(text)"}},
            "spec":{"clusterIPs":["10.96.1.4"],"ports":[{"port":80}]}},
            {"apiVersion":"v1","kind":"Service",
            "metadata":{"name":"hl","namespace":"tenant"},
            "spec":{"clusterIPs":["None"],"ports":[{"name":"p","port":80}]}},
            {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice",
            "metadata":{"name":"hl-1","namespace":"tenant",
            "labels":{"kubernetes.io/service-name":"hl"}},"addressType":"IPv4","ports":[{"name":"p","port":80}],
            "endpoints":[{"addresses":["10.244.1.1"],"hostname":"\(text)","nodeName":"\(text)"}]},
            {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice",
            "metadata":{"name":"\(text)","namespace":"tenant",
            "labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","ports":[{"name":"\(text)","port":80}],
            "endpoints":[{"addresses":["10.244.1.2"],"targetRef":{"kind":"Pod","name":"\(text)"},"zone":"\(text)"}]},
            {"kind":"\(text)","metadata":{"name":"\(text)"}}
            """
        return #"{"apiVersion":"v1","kind":"List","items":["# + hostile + "]}"
    }()

    private func writeKubeconfigs() throws {
        let text = TerminalBytes.escaped
        let refusal = #"{"kind":"Status","status":"Failure","code":403,"reason":"Forbidden","message":"\#(text)"}"#
        let list = """
            {"kind":"ServiceList","metadata":{"resourceVersion":"\(text)"},"items":[{"metadata":{"name":"\(text)",
            "namespace":"\(text)"},"spec":{"clusterIPs":["\(text)"],"ports":[{"port":80,"name":"\(text)"}]}}]}
            """
        let answers = [
            ("refuses", refusal, "403 \u{1B}[2J"), ("babbles", TerminalBytes.hostile, "200 OK"),
            ("lists", list, "200 OK"),
            ("fails", TerminalBytes.hostile, "500 \u{1B}[31m\u{9B}"),
        ]
        for (name, body, status) in answers {
            let server = try CannedServer(body, status: status)
            servers.append(server)
            try writeKubeconfig(name, server: "http://127.0.0.1:\(server.port)")
        }
        try writeKubeconfig("odd", server: "\(text)")
        try write(
            """
            current-context: "\(text)"
            contexts: [{name: "a\(text)", context: {cluster: "\(text)"}}]
            """, "contexts")
        try write("current-context: a\ncontexts: [{name: a, context: {cluster: \"\(text)\"}}]", "clusters")
    }

    private func writeKubeconfig(_ name: String, server: String) throws {
        try write(
            """
            current-context: a
            contexts: [{name: a, context: {cluster: a, user: a}}]
            clusters: [{name: a, cluster: {server: "\(server)"}}]
            users: [{name: a, user: {token: t}}]
            """, name)
    }

    /// An agent that says hostile things of itself.
    private func makeAgent() throws {
        try folder.makeFolder("state")
        let text = TerminalBytes.escaped
        let change =
            #"{"number":1,"time":"\#(text)","message":"\#(text)","virtualServer":"\#(text)","name":"\#(text)"}"#
        let override = #"{"kind":"\#(text)","realServer":"\#(text)","virtualServer":"\#(text)","since":"\#(text)"}"#
        let answer = """
            {"overrides":[\(override)],"ended":[\(override)],"problem":"\(text)",
            "realServers":[{"virtualServer":"\(text)","name":"\(text)","realServer":"\(text)"}],
            "weights":[{"virtualServer":"\(text)","realServer":"\(text)","reason":"\(text)"}],
            "inactive":[{"address":"\(text)","virtualServers":1}],
            "version":"\(text)","node":"\(text)","started":"\(text)","pid":1,
            "health":{"status":"\(text)","checks":[{"name":"\(text)","status":"failed","reason":"\(text)"}]},
            "sources":[{"name":"\(text)","problem":"\(text)","unreadable":["\(text)"],"lastHeard":"\(text)"}],
            "sync":{"scope":"\(text)","last":"\(text)","lastSuccess":"\(text)"},
            "drains":[{"virtualServer":"\(text)","realServer":"\(text)","connections":1}],
            "refused":["\(text)"],"complaints":["\(text)"],"drift":{"policy":"\(text)","total":1,"latest":[\(change)]},
            "changes":{"total":1,"latest":[\(change)]},"\(text)":1}
            """
        let store = LedgerStore(directory: state, identity: try StateIdentity.current())
        servers.append(try CannedServer(answer, path: store.socketPath))
    }
}

// MARK: - Calls

extension HostileSite {
    /// The arguments of a call.
    typealias Call = [String]

    /// Calls by command; a command without an entry fails the test.
    func calls() throws -> [String: [Call]] {
        let hostile = TerminalBytes.hostile
        let configurations = try configurations()
        let cluster: Call = ["--manifests", try path("objects.json"), "--node", hostile]
        let objects = try [cluster] + ["lists", "refuses"].map { ["--kubeconfig", try path($0)] }
        let kernel: Call = ["--state-dir", state]
        // What is valid could change this machine: only what ends before.
        let refused = [["--config", try path("invalid.yaml")], ["--kubeconfig", try path("refuses")]]
        var calls: [String: [Call]] = ["doctor": [[]], "schema": [[]], "zero": [[hostile]], "export": configurations]
        calls["validate"] = try configurations + objects + kubeconfigs() + [["--manifests", try path("odd.json")]]
        calls["check"] = configurations.map { Array($0.dropFirst()) }
        calls["checker"] = [["--user", hostile]]
        calls["run"] = refused.map { ["--once", "--dry-run"] + kernel + $0 }
        calls["takeover"] = refused.map { ["--dry-run"] + kernel + $0 }
        calls["plan"] = (configurations + objects).map { ["--snapshot", emptyFile] + $0 }
        calls["plan"]? += [["--snapshot", try path("named.yaml"), "--config", emptyFile]]
        calls["plan"]? += [["--snapshot", try path("valid.yaml"), "--config", try path("named.yaml")]]
        calls["show"] = [kernel, kernel + [hostile]]
        calls["status"] = [kernel, ["--state-dir", try path("none")], ["--state-dir", emptyFile]]
        calls["watch"] = [kernel + ["--count", "1"], kernel + ["--count", "1", hostile]]
        let order = kernel + ["192.0.2.9"]
        calls["drain"] = [order, kernel + ["--list"], order + ["--virtual-server", hostile], kernel + [hostile]]
        calls["enable"] = [order, kernel + [hostile]]
        calls["weight"] = [order + ["5"], order + [hostile]]
        calls["import"] = try ["rules", "none", "fifo.yaml"].map { ["--from", try path($0)] }
        calls["explain"] = ["web", "other", "ext", "hl", hostile].map { cluster + ["-n", "tenant", $0] }
        calls["explain"]? += objects.map { $0 + ["-n", hostile, "web"] }
        calls["explain"]? += [cluster + ["-n", "tenant", "web", "--config", try path("named.yaml")]]
        calls["env"] = objects.map { $0 + ["-n", "tenant"] } + objects.map { $0 + ["-n", hostile] }
        calls["zone"] = objects.map { $0 + ["--serial", "1"] }
        calls["zone"]? += [cluster + ["--reverse", "10.in-addr.arpa"], cluster + ["--domain", hostile]]
        calls["cleanup"] = [["--dry-run"] + kernel, ["--dry-run", "--sysctl-dir", hostile] + kernel]
        calls["migrate kube-proxy"] = try ["kube-proxy.yaml", "kube-proxy-2.yaml", "broken.yaml", "fifo.yaml", "none"]
            .map { [try path($0)] }
        calls["migrate keepalived"] = try ["keepalived.conf", "rules", "broken.yaml", "fifo.yaml", "none"]
            .map { [try path($0)] }
        calls["migrate ldirectord"] = try ["ldirectord.cf", "rules", "broken.yaml", "fifo.yaml", "none"]
            .map { [try path($0)] }
        calls["completions"] = [["bash"], ["zsh"], ["fish"], [hostile]]
        return calls
    }

    private func configurations() throws -> [Call] {
        try ["invalid.yaml", "broken.yaml", "alias.yaml", "named.yaml", "fifo.yaml", "conf.d", "none"]
            .map { ["--config", try path($0)] }
    }

    /// Those that are of no use; what makes an API server be asked again and again is another test's.
    private func kubeconfigs() throws -> [Call] {
        try ["odd", "contexts", "clusters", "none"].map { ["--kubeconfig", try path($0)] }
            + [["--kubeconfig", try path("refuses"), "--context", TerminalBytes.hostile]]
    }

    /// What keeps a command from touching this machine, whatever else is on its command line.
    func restraint(_ command: String) throws -> [String] {
        switch command {
        case "run": ["--once", "--dry-run", "--config", try path("none")]
        case "takeover", "cleanup": ["--dry-run"]
        case "watch": ["--count", "1"]
        // A value that no virtual server has.
        case "zero": [TerminalBytes.hostile]
        default: []
        }
    }

    /// The commands whose calls have to show something hostile, so that a test that meets nothing cannot pass.
    static let showing: Set<String> = [
        "run", "plan", "status", "validate", "import", "export", "explain", "env", "zone", "takeover",
        "drain", "weight", "enable",
        "migrate kube-proxy", "migrate keepalived", "migrate ldirectord",
    ]
}
