import Glibc
import LoadBalancing

extension Scenario {
    /// What becomes of packets on a node: who serves them, and what the server sees.
    static let dataPath: [Scenario] =
        TransportProtocol.allCases.map { transport in
            Scenario(
                "data path: every kind of Service for every kind of client over \(transport)", tags: [.fullKernel]
            ) { context in
                let lab = try Lab(context, serving: [.a, .b, .c])
                try lab.program(MatrixService.all.map(\.service))
                try Matrix(lab: lab, transport: transport).check()
            }
        } + [
            Scenario("data path: pods reach each other, and the lab answers for itself") { context in
                let lab = try Lab(context, serving: [.a, .c])
                for (family, transport) in AddressFamily.allCases.flatMap({ family in
                    TransportProtocol.allCases.map { (family, $0) }
                }) {
                    for client in [LabPlace.b, .d, .e, .node1, .node2, .node3] {
                        for pod in [LabPlace.a, .c] {
                            let question = try LabQuestion(
                                from: client, to: pod.address(family), port: Lab.port, transport)
                            let outcome = try lab.ask([question])[0]
                            try expectEqual(outcome.server, pod.rawValue, "\(client), \(transport) \(family)")
                        }
                    }
                    // Nobody masquerades: an answer from the other node never gets outside.
                    let questions = try [LabPlace.a, .c].map { (pod) throws(ScenarioFailure) in
                        try LabQuestion(from: .outside, to: pod.address(family), port: Lab.port, transport)
                    }
                    let expected: [LabOutcome] = [
                        .served(by: "a", source: LabPlace.outside.address(family)), .silent,
                    ]
                    try expectEqual(try lab.ask(questions), expected)
                    let closed = try LabQuestion(from: .b, to: LabPlace.a.address(family), port: 81, transport)
                    try expectEqual(try lab.ask([closed]), [.refused], "a closed port, \(transport) \(family)")
                }
            },
            Scenario("data path: only listed sources reach a load balancer", tags: [.fullKernel]) { context in
                let lab = try Lab(context, serving: [.a, .b])
                var service = LabService(name: "ranged", number: 1, type: "LoadBalancer", endpoints: [.a, .b])
                service.hasIngress = true
                service.sourceRanges = ["203.0.113.12/32", "2001:db8:113::12/128"]
                try lab.program([service])
                for family in AddressFamily.allCases {
                    let (stranger, friend) = (
                        LabPlace.outsideAddresses(family)[0], LabPlace.outsideAddresses(family)[1]
                    )
                    for transport in TransportProtocol.allCases {
                        let questions = try [
                            (LabPlace.outside, friend, service.ingress(family)),
                            (.outside, stranger, service.ingress(family)),
                            (.d, LabPlace.d.address(family), service.ingress(family)),
                            (.d, LabPlace.d.address(family), service.clusterIP(family)),
                            (.outside, stranger, service.clusterIP(family)),
                            (.node1, nil, service.ingress(family)),
                            (.node1, LabPlace.node1.address(family), service.ingress(family)),
                            (.node1, nil, service.clusterIP(family)),
                        ].map { (place, source, host) throws(ScenarioFailure) in
                            try LabQuestion(from: place, source: source, to: host, port: 80, transport)
                        }
                        let outcomes = try lab.ask(questions)
                        try expectEqual(
                            outcomes.map { $0.server == nil ? "\($0)" : "served" },
                            // What the node may not send itself is an error of the call where there is one to tell.
                            ["served", "silent", "silent", "served", "served"]
                                + (transport == .udp ? ["refused", "refused"] : ["silent", "silent"]) + ["served"],
                            "\(transport) \(family)")
                    }
                }
                // The node comes from the load balancer's own address, and may when one of its own is listed.
                service.sourceRanges += AddressFamily.allCases.map { "\(LabPlace.node1.address($0))/\($0.bitWidth)" }
                try lab.program([service])
                for family in AddressFamily.allCases {
                    let questions = try TransportProtocol.allCases.map { (transport) throws(ScenarioFailure) in
                        try LabQuestion(from: .node1, to: service.ingress(family), port: 80, transport)
                    }
                    for outcome in try lab.ask(questions) {
                        try expect(outcome.server != nil, "the node itself, listed, over \(family): \(outcome)")
                    }
                }
            },
            Scenario(
                "data path: a pod reaches itself through a Service", tags: [.fullKernel]
            ) { context in
                let lab = try Lab(context, serving: [.a, .e])
                // A pod of another node gets here by way of the node, not of a cluster IP.
                for (pod, policy) in [(LabPlace.a, LabService.Policy.cluster), (.a, .local), (.e, .cluster)] {
                    var service = LabService(
                        name: "alone", number: 1, type: "LoadBalancer", policy: policy, endpoints: [pod])
                    (service.hasExternalIPs, service.hasIngress, service.hasNodePort) = (true, true, true)
                    try lab.program([service])
                    for family in AddressFamily.allCases {
                        let targets = [
                            (service.externalIP(family), 80), (service.ingress(family), 80),
                            (LabPlace.node1.address(family), service.nodePort),
                        ]
                        let own: [(String, UInt16)] = pod == .a ? [(service.clusterIP(family), LabService.port)] : []
                        for (host, port) in own + targets {
                            for transport in TransportProtocol.allCases {
                                let question = try LabQuestion(from: pod, to: host, port: port, transport)
                                let outcome = try lab.ask([question])[0]
                                try expect(
                                    outcome.server == pod.rawValue
                                        && LabPlace.nodeAddresses(family).contains(outcome.source ?? ""),
                                    "\(policy) \(transport) \(host):\(port): \(outcome)")
                            }
                        }
                    }
                }
            },
            Scenario("data path: virtual servers of files, and those that are held, are let in", tags: [.fullKernel]) {
                context in
                let lab = try Lab(context, serving: [.a])
                var service = LabService(name: "web", number: 1, type: "LoadBalancer", endpoints: [.a])
                service.hasIngress = true
                let own = AddressFamily.allCases.map { family in
                    let (open, close) = family == .ipv4 ? ("", "") : ("[", "]")
                    let address = "\(open)\(service.clusterIP(family))\(close):5000"
                    let realServer = "\(open)\(LabPlace.a.address(family))\(close):\(Lab.port)"
                    return "{address: \"\(address)\", realServers: [\"\(realServer)\"]}"
                }
                let files = "[\(own.joined(separator: ", "))]"
                try lab.program([service], beside: files)
                var questions: [LabQuestion] = []
                for family in AddressFamily.allCases {
                    let vip = service.clusterIP(family)
                    for client in [LabPlace.d, .outside] {
                        for (host, port) in [(vip, 5000), (vip, 80), (service.ingress(family), 80)]
                            as [(String, UInt16)]
                        {
                            questions.append(try LabQuestion(from: client, to: host, port: port))
                        }
                    }
                }
                func expectServed(_ subject: String) throws(ScenarioFailure) {
                    let outcomes = try lab.ask(questions)
                    try expect(outcomes.allSatisfy { $0.server == "a" }, "\(subject): \(outcomes)")
                }
                try expectServed("at first")
                // As if an API server had lost nearly everything.
                let other = LabService(name: "other", number: 2, type: "ClusterIP", endpoints: [.a])
                try lab.program([other], beside: files, status: 6)
                try expectServed("while their removal is held back")
            },
            Scenario("data path: a VIP refuses ports that are no Service's", tags: [.fullKernel]) { context in
                let lab = try Lab(context, serving: [.a])
                // A port of the host, on every address that it has.
                try lab.serve(.node1, on: ["::"], port: 81)
                var service = LabService(name: "web", number: 1, type: "LoadBalancer", endpoints: [.a])
                (service.hasExternalIPs, service.hasIngress) = (true, true)
                try lab.program([service])
                for family in AddressFamily.allCases {
                    for client in [LabPlace.outside, .d, .e, .node1] {
                        let own = try LabQuestion(from: client, to: LabPlace.node1.address(family), port: 81)
                        try expectEqual(try lab.ask([own])[0].server, "node1", "\(client)'s way to the host's port")
                        let hosts = [service.clusterIP(family), service.externalIP(family), service.ingress(family)]
                        for host in hosts {
                            for transport in TransportProtocol.allCases {
                                let question = try LabQuestion(from: client, to: host, port: 81, transport)
                                let outcome = try lab.ask([question])[0]
                                // The kernel's SCTP takes no notice of an ICMP message.
                                let expected: LabOutcome = transport == .sctp ? .silent : .refused
                                try expectEqual(outcome, expected, "\(client) to \(host), \(transport)")
                            }
                        }
                    }
                }
            },
            Scenario(
                "data path: load balancers learn which nodes have endpoints", tags: [.fullKernel, .slow]
            ) { context in
                let lab = try Lab(context, serving: [])
                var services = [[LabPlace.a, .c], [.c]].enumerated().map { index, endpoints in
                    LabService(
                        name: "web-\(index)", number: index + 1, type: "LoadBalancer", policy: .local,
                        endpoints: endpoints, hasIngress: true, healthCheckNodePort: 31_001 + UInt16(index))
                }
                let server = try APIServerStandIn(context)
                for service in services { try lab.tell(server, service) }
                let agent = try context.startIPVSync(
                    "--kubeconfig", server.kubeconfig, "--node", "node1", "--config", try lab.writeConfiguration())
                try lab.eventuallyHealth(["200", "503"], agent)
                (services[0].endpoints, services[1].endpoints) = ([.c], [.b])
                for service in services { try lab.tell(server, service) }
                try lab.eventuallyHealth(["503", "200"], agent)
            },
        ] + staleUDP

    private static let staleUDP: [Scenario] = [
        ("outside, masqueraded", LabPlace.outside), ("a pod, with its own address", .d), ("the node", .node1),
    ].map { name, client in
        Scenario("data path: UDP clients move to the endpoint that replaces theirs: \(name)", tags: [.fullKernel]) {
            context in
            let lab = try Lab(context, serving: [.a, .c])
            var service = LabService(name: "dns", number: 1, endpoints: [.c])
            let agent = try lab.startAgent([service])
            let calls = try AddressFamily.allCases.map { (family) throws(ScenarioFailure) in
                let question = try LabQuestion(from: client, to: service.clusterIP(family), port: 80, .udp)
                try lab.eventually(question, agent: agent) { $0.server == "c" }
                // The same source port for all that it asks.
                return try lab.call(question, patience: .milliseconds(150))
            }
            try expectEqual(calls.map { $0.wait().server }, ["c", "c"], "the first servers")
            try lab.unplug(.c)
            service.endpoints = [.a]
            try lab.declare([service])
            try context.eventually("the new endpoint in the table") { () throws(ScenarioFailure) in
                try context.ipvsadmSave().contains { $0.contains("-r \(LabPlace.a.address(.ipv4)):") }
            }
            let changed = ContinuousClock.now
            var waiting = calls
            // What asks again keeps its entry: one that stays stays for ever.
            try context.eventually("answers by the new endpoint") {
                for call in waiting { call.askAgain() }
                waiting.removeAll { $0.wait().server == "a" }
                return waiting.isEmpty
            }
            let time = ContinuousClock.now - changed
            StandardStream.output.writeLine("answered by the new endpoint after \(time / .milliseconds(1)) ms")
        }
    }
}

extension Lab {
    /// Waits until the health checks of Services, from port 31001, answer with these codes.
    fileprivate func eventuallyHealth(
        _ codes: [String], _ agent: RunningCommand, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) {
        for host in AddressFamily.allCases.map({ $0 == .ipv4 ? LabPlace.uplink($0) : "[\(LabPlace.uplink($0))]" }) {
            var seen: [String] = []
            let deadline = ContinuousClock.now + Patience.step
            while seen != codes {
                try expect(.now < deadline, "\(host): \(seen), not \(codes)\n\(agent.error)", file: file, line: line)
                seen = try codes.indices.map { (index) throws(ScenarioFailure) in
                    try inside(.outside) { () throws(ScenarioFailure) in
                        try Command([
                            "curl", "--silent", "--max-time", "30", "--output", "/dev/null", "--write-out",
                            "%{http_code}", "http://\(host):\(31_001 + index)/",
                        ]).run().output
                    }
                }
            }
        }
    }
}
