import Glibc

extension Scenario {
    /// What programs that ask a kube-proxy find on a node without one.
    static let kubeProxy: [Scenario] = [
        Scenario("kube-proxy: load balancers are told when the node goes") { context in
            let site = try KubeProxySite(context)
            // As a kube-proxy that is still there has them.
            var others: [TCPSocket]? = [
                try TCPSocket.listen(on: "127.0.0.1", port: 10256), try TCPSocket.listen(on: "127.0.0.1", port: 10249),
            ]
            let agent = try site.startAgent("kubeProxy: {}, listen: \"127.0.0.1:10259\"")
            try agent.waitForText("kube-proxy's health checks are not served")
            try agent.waitForText("kube-proxy's metrics are not served")
            try agent.waitForText("\"ready\"")
            others = nil
            try agent.waitForText("kube-proxy's health checks are served after all")
            try agent.waitForText("kube-proxy's metrics are served after all")
            // By both families.
            for address in ["127.0.0.1", "[::1]"] {
                let answer = try site.ask("http://\(address):10256/healthz")
                try expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"), answer)
                try expect(answer.contains(#","nodeEligible":true,"healthy":true,"status":{"IPv4":{"#), answer)
            }
            try expect(try site.ask("http://127.0.0.1:10249/proxyMode").hasSuffix("\r\n\r\nipvs"), "no mode")
            try expect(try site.ask("http://127.0.0.1:10249/healthz").hasSuffix("\r\n\r\nok"), "no answer")
            try expect(try site.ask("http://127.0.0.1:10249/status").contains(" 404 "), "a status where there is none")
            for (change, isEligible) in [
                (#""metadata":{"name":"n1"},"spec":{"taints":[{"key":"ToBeDeletedByClusterAutoscaler"}]}"#, false),
                (#""metadata":{"name":"n1"},"spec":{}"#, true),
                (#""metadata":{"name":"n1","deletionTimestamp":"2026-11-28T01:00:00Z"},"spec":{}"#, false),
            ] {
                site.server.tell(#"{"set":"nodes","object":{\#(change)}}"#)
                try context.eventually("the node is told of: \(change)") { () throws(ScenarioFailure) in
                    let answer = try site.ask("http://127.0.0.1:10256/healthz")
                    return answer.contains(isEligible ? " 200 OK\r\n" : " 503 Service Unavailable\r\n")
                        && answer.contains("\"nodeEligible\":\(isEligible),\"healthy\":true,")
                }
                let answer = try site.ask("http://127.0.0.1:10256/livez")
                try expect(answer.contains(" 200 OK\r\n") && !answer.contains("nodeEligible"), answer)
            }
            // A reload follows.
            try site.write("kubeProxy: {healthz: \":10257\", metrics: off}, listen: \"127.0.0.1:10259\"")
            try context.eventually("the other port is served") { () throws(ScenarioFailure) in
                try site.ask("http://127.0.0.1:10257/livez").contains(" 200 ")
            }
            for port in [10249, 10256] {
                try expectEqual(
                    try Command(["curl", "-s", "http://127.0.0.1:\(port)/"]).run().status, .exited(7), "port \(port)")
            }
        },
        Scenario("kube-proxy: its metrics have true values") { context in
            let promtool = try require(Environment.variable("IPVSYNC_PROMTOOL"), "IPVSYNC_PROMTOOL names no promtool")
            let site = try KubeProxySite(context)
            site.server.setWeb(["10.1.0.1"])
            let agent = try site.startAgent("kubeProxy: {}")
            try agent.waitForText("\"ready\"")
            let before = try site.value("kubeproxy_sync_proxy_rules_endpoint_changes_total")
            let syncs = #"kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"}"#
            let syncsBefore = try site.value(syncs)
            let trigger = try context.run(["date", "-u", "+%Y-%m-%dT%H:%M:%S.%NZ"]).output.prefix { $0 != "\n" }
            site.server.tell(
                #"{"set":"endpointslices","object":{"metadata":{"name":"web-1","namespace":"default","#
                    + #""annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"\#(trigger)"},"#
                    + #""labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","#
                    + #""ports":[{"name":"","port":8080}],"endpoints":[{"addresses":["10.1.0.1"]},{"addresses":["10.1.0.2"]}]}}"#
            )
            let programming = "kubeproxy_network_programming_duration_seconds"
            try context.eventually("the change is counted as made") { () throws(ScenarioFailure) in
                try site.value("\(programming)_count{ip_family=\"IPv4\"}") == 1
            }
            try expect(try context.ipvsadmSave().contains { $0.contains("10.1.0.2:8080") }, "it was not made")
            try expect(try site.value("\(programming)_sum{ip_family=\"IPv4\"}") < 20, "it took too long")
            try expectEqual(try site.value("kubeproxy_sync_proxy_rules_endpoint_changes_total"), before + 1)
            try expectEqual(try site.value("kubeproxy_sync_proxy_rules_endpoint_changes_pending"), 0)
            try expect(try site.value(syncs) > syncsBefore, "no sync is counted")
            try expect(
                try site.value(
                    #"rest_client_requests_total{code="200",host="127.0.0.1:\#(site.server.port)",method="GET"}"#)
                    >= 4, "the API server's answers are not counted")
            let labels =
                #"local_address="10.96.0.10",local_port="80",proto="TCP",local_mark="",namespace="default",service="web",port="""#
            try expectEqual(try site.value("ipvsync_virtual_server_info{\(labels)}"), 1)
            // The other format, read by what reads it for Prometheus, which wants a time with each sample.
            let text = try context.run([
                "curl", "-sf", "-H", "Accept: application/openmetrics-text;version=1.0.0",
                "http://127.0.0.1:10249/metrics",
            ]).output
            try expect(text.hasSuffix("\n# EOF\n"), "no end in\n\(text)")
            let lines = text.split(separator: "\n").map { $0.hasPrefix("#") ? String($0) : "\($0) 1795827620" }
            let path = try context.write(lines.joined(separator: "\n") + "\n", to: "openmetrics")
            let check = try Command([
                promtool, "tsdb", "create-blocks-from", "openmetrics", path, "\(context.directory)/blocks",
            ]).run()
            try expect(check.succeeded, check.description)
        },
        Scenario("events: an owner learns of what is refused, once") { context in
            let site = try KubeProxySite(context)
            let service =
                #"{"set":"services","object":{"metadata":{"name":"web","namespace":"shop","#
                + #""uid":"0f9e8d7c-0000-4000-8000-00000000abcd"},"spec":{"clusterIP":"10.96.0.10","#
                + #""clusterIPs":["10.96.0.10"],"externalIPs":["127.0.0.1"],"ports":[{"port":80,"protocol":"TCP"}]}}}"#
            site.server.tell(service)
            let agent = try site.startAgent("")
            try agent.waitForText("\"ready\"")
            try context.eventually("an event is told") { () throws(ScenarioFailure) in
                try site.value(#"ipvsync_events_total{result="sent"}"#) == 1
            }
            let written = try site.server.written()
            for part in [
                "external IP 127.0.0.1 is refused", "AddressRefused",
                "/apis/events.k8s.io/v1/namespaces/shop/events/web.",
                "0f9e8d7c-0000-4000-8000-00000000abcd",
            ] {
                try expect(written.contains(part), "no \(part) in \(written)")
            }
            // A server that refuses them holds up nothing, and is told of once.
            site.server.tell(#"{"refuse":"403"}"#)
            site.server.tell(service.replacing("web", with: "two").replacing("0.10\"", with: "0.12\""))
            try agent.waitForText("events are not taken")
            site.server.setWeb(["10.1.0.1"])
            try context.eventually("the next Service is served") { () throws(ScenarioFailure) in
                try context.ipvsadmSave().contains { $0.contains("10.1.0.1:8080") }
            }
            try site.write("events: false")
            try context.eventually("it is read") { () throws(ScenarioFailure) in
                try context.run(["curl", "-sf", "http://127.0.0.1:10249/livez"]).succeeded
            }
        },
    ]
}

/// An agent with an API server that knows its node, and questions to it.
private struct KubeProxySite {
    let context: Context
    let server: APIServerStandIn

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        server = try APIServerStandIn(context)
        server.tell(#"{"set":"nodes","object":{"metadata":{"name":"n1"},"spec":{}}}"#)
    }

    @discardableResult func write(_ telemetry: String) throws(ScenarioFailure) -> String {
        try context.write("telemetry: {\(telemetry)}\nvirtualServers: []\n", to: "agent.yaml")
    }

    func startAgent(_ telemetry: String) throws(ScenarioFailure) -> RunningCommand {
        try context.startIPVSync("--kubeconfig", server.kubeconfig, "--node", "n1", "--config", try write(telemetry))
    }

    /// The whole answer, head and body.
    func ask(_ url: String) throws(ScenarioFailure) -> String { try Command(["curl", "-sgi", url]).run().output }

    func value(_ series: String) throws(ScenarioFailure) -> Double {
        let text = try context.run(["curl", "-sf", "http://127.0.0.1:10249/metrics"]).output
        let found = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return try require(
            found.flatMap { Double($0.dropFirst(series.utf8.count + 1)) }, "no \(series) in\n\(text)")
    }
}
