import Glibc
import LoadBalancing

extension Scenario {
    /// That Services go on being served, and cheaply, while their endpoints change.
    static let rolling: [Scenario] = [
        Scenario(
            "data path: a rolling replacement breaks no connection through a cluster IP and a node port",
            tags: [.fullKernel]
        ) { context in
            let site = try RollingSite(context)
            try site.startTraffic()
            for (index, pod) in RollingSite.pods.enumerated() {
                try site.replace(pod, restartingBy: [SIGTERM, SIGKILL, nil][index])
            }
            try site.finish()
        },
        Scenario(
            "data path: an endpoint's change is one transaction of two rule elements", tags: [.fullKernel, .slow]
        ) { context in
            let server = try APIServerStandIn(context)
            for number in 1...200 { server.setLocalService(number, endpoint: "10.244.1.\(number)") }
            let configuration = try context.write(
                "{virtualServers: [], syncInterval: 1s, minSyncInterval: 0s, telemetry: {listen: \"127.0.0.1:10249\"}, "
                    + "network: {vipBinding: address}}\n", to: "node.yaml")
            let agent = try context.startIPVSync(
                "--kubeconfig", server.kubeconfig, "--node", "node1", "--config", configuration)
            try context.eventually("200 Services\n\(agent.error)") {
                () throws(ScenarioFailure) in
                try context.ipvsadmSave().count == 400
            }
            // Verifications are under way too, and find nothing.
            try context.waitForVerification(agent)
            let (before, began) = (try RuleCounts(context), ContinuousClock.now)
            server.setLocalService(77, endpoint: "10.244.2.77")
            let (old, new) = ("10.244.1.77:8080", "10.244.2.77:8080")
            try context.eventually("the new endpoint alone\n\(agent.error)") {
                () throws(ScenarioFailure) in
                let text = try context.ipvsadmSave().joined(separator: "\n")
                return text.contains(new) && !text.contains(old)
            }
            let time = ContinuousClock.now - began
            try context.waitForVerification(agent)
            let after = try RuleCounts(context)
            let (transactions, elements) = (
                after.transactions - before.transactions, after.elements - before.elements
            )
            StandardStream.output.writeLine(
                "1 endpoint among 200 Services: \(transactions) transactions, \(elements) elements, "
                    + "in the kernel after \(Int(time / .milliseconds(1))) ms at most")
            try expectEqual(transactions, 1, "transactions")
            try expect((1...2).contains(elements), "\(elements) elements")
            try expectEqual(after.drift, before.drift, "verifications that found something")
            let table = try context.run(["nft", "list", "table", "inet", "ipvsync"]).output
            try expect(table.contains("10.244.2.77 . 10.244.2.77"), "the new endpoint is not in\n\(table)")
            try expect(!table.contains("10.244.1.77 ."), "the old endpoint is in\n\(table)")
        },
    ]
}

/// What an agent has done to its rules so far.
private struct RuleCounts {
    let transactions: Int
    let elements: Int
    /// Verifications that found something changed.
    let drift: Int

    init(_ context: Context) throws(ScenarioFailure) {
        transactions = try context.metric("ipvsync_rule_transactions_total")
        elements = try context.metric("ipvsync_network_changes_total{part=\"rules\"}")
        drift = try context.metric("ipvsync_network_drift_total")
    }
}

extension APIServerStandIn {
    /// Adds or changes a Service, with one endpoint on `node1`.
    fileprivate func setLocalService(_ number: Int, endpoint: String) {
        setService("s\(number)", clusterIP: "10.96.0.\(number)")
        tell(
            #"{"set":"endpointslices","object":{"metadata":{"name":"s\#(number)-1","namespace":"default","#
                + #""labels":{"kubernetes.io/service-name":"s\#(number)"}},"addressType":"IPv4","#
                + #""ports":[{"name":"","port":8080}],"#
                + #""endpoints":[{"addresses":["\#(endpoint)"],"nodeName":"node1"}]}}"#)
    }
}
