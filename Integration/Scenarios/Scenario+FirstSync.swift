import Glibc
import LoadBalancing

extension Scenario {
    /// A node that gets everything at once.
    static let firstSync: [Scenario] = [
        Scenario(
            "data path: a first sync that is killed anywhere leaves no address without its real servers",
            tags: [.fullKernel]
        ) { context in
            let site = try FirstSyncSite(context)
            var early = 0
            var delays = [10, 60]
            // On a busy machine a kill may come early, or late.
            for attempt in 0..<8 where attempt < delays.count {
                let delay = delays[attempt]
                let found = try site.killSync(milliseconds: delay)
                if !found.addresses.isEmpty, found.realServers < FirstSyncSite.total { early += 1 }
                StandardStream.output.writeLine(
                    "killed \(delay) ms after the device had come: \(found.addresses.count) addresses, "
                        + "\(found.realServers) of \(FirstSyncSite.total) real servers")
                if attempt + 1 == delays.count, early == 0 { delays.append(60 << attempt) }
            }
            try expect(early > 0, "the addresses never came before the last virtual server")
            try site.synchronize()
            let found = try site.found()
            try expectEqual(found.addresses.count, FirstSyncSite.services, "addresses")
            try expectEqual(found.realServers, FirstSyncSite.total, "real servers")
            let device = try context.run(["ip", "-oneline", "link", "show", "ipvsync0"]).output
            try expect(device.contains(",UP,"), device)
        }
    ]
}

/// So many Services that a first sync of them takes a while.
private struct FirstSyncSite {
    static let services = 600
    static let endpoints = 12
    static let total = services * endpoints

    private let context: Context
    private let arguments: [String]

    struct Found {
        let addresses: [Substring]
        let realServers: Int
    }

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        // The first device of its kind loads a module, and comes late.
        try context.run(["ip", "link", "add", "other0", "type", "dummy"])
        let objects = (0..<Self.services).map(Self.objects)
        let manifests = try context.write(objects.joined(), to: "services.yaml")
        let configuration = try context.write(
            "{virtualServers: [], network: {vipBinding: address}}\n", to: "node.yaml")
        arguments = ["--once", "--quiet", "--manifests", manifests, "--node", "node1", "--config", configuration]
    }

    private static func objects(_ number: Int) -> String {
        let address = "10.96.\(number / 250).\(number % 250 + 1)"
        let endpoints = (1...endpoints).map { "{addresses: [10.244.\(number % 250).\($0)]}" }
        return """
            ---
            {apiVersion: v1, kind: Service, metadata: {name: s\(number), namespace: default}, spec: {clusterIP: \(address),
            clusterIPs: [\(address)], ipFamilies: [IPv4], ports: [{name: http, port: 80}]}}
            ---
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s\(number)-1, namespace: default,
            labels: {kubernetes.io/service-name: s\(number)}}, addressType: IPv4, ports: [{name: http, port: 8080}],
            endpoints: [\(endpoints.joined(separator: ", "))]}

            """
    }

    /// Kills a sync that began with nothing, and expects that every address has all its real servers.
    func killSync(milliseconds delay: Int) throws(ScenarioFailure) -> Found {
        try context.run([context.ipvsync, "cleanup"])
        let run = try Command([context.ipvsync] + arguments).start()
        try context.eventually("the device\n\(run.error)") {
            access("/sys/class/net/ipvsync0", F_OK) == 0
        }
        usleep(UInt32(delay) * 1_000)
        run.send(SIGKILL)
        _ = try run.wait()
        return try found()
    }

    func synchronize() throws(ScenarioFailure) { try context.run([context.ipvsync] + arguments) }

    /// What there is; the scenario has failed unless every address has all its real servers.
    func found() throws(ScenarioFailure) -> Found {
        let lines = try context.run(["ip", "-oneline", "address", "show", "dev", "ipvsync0"]).outputLines
        let addresses = lines.compactMap { line in
            line.split(separator: " ").first { $0.hasSuffix("/32") }?.dropLast("/32".count)
        }
        var counts: [Substring: Int] = [:]
        for line in try context.ipvsadmSave() where line.hasPrefix("-a ") {
            counts[line.split(separator: " ")[2], default: 0] += 1
        }
        for address in addresses {
            try expectEqual(counts["\(address):80"], Self.endpoints, "real servers of \(address)")
        }
        return Found(addresses: addresses, realServers: counts.values.reduce(0, +))
    }
}
