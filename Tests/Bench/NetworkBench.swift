import Documents
import Glibc

/// What the node's network adds to the first sync of Services: addresses, rules and settings beside IPVS.
struct NetworkBench {
    let count: Int
    let ipvsync: String
    let directory: String
    let rounds: Int

    /// Each in a network namespace of its own.
    enum Part: String, CaseIterable {
        case alone = "IPVS alone"
        case whole = "IPVS and network"
        /// The same with one route in the place of the addresses.
        case routed = "with a route"
        /// Only what `nft` takes to write the table of the run before.
        case rules = "nft alone"
        /// Only what `ip` takes to make the addresses.
        case addresses = "ip alone"
    }

    private var manifest: String { "\(directory)/services.json" }
    private var rules: String { "\(directory)/rules.nft" }
    private var addresses: String { "\(directory)/addresses" }

    func measure() throws -> NetworkFigures {
        try writeFiles()
        var figures = NetworkFigures(count: count)
        // A guest kernel fetches memory from its host when it first touches it: let these pay for that.
        for part in Part.allCases { _ = try run(part) }
        for round in 1...rounds {
            for part in Part.allCases {
                Bench.say("\(count) Services, round \(round) of \(rounds): \(part.rawValue)")
                figures.add(try run(part))
                // The kernel takes the namespace down in the background: let it finish first.
                sleep(UInt32(1 + count / 1_000))
            }
        }
        return figures
    }

    private func writeFiles() throws {
        let objects = BenchObjects(count: count)
        try BenchFile.write(objects.manifest, to: manifest)
        let lines = (0..<count).map { "address add \(objects.address($0))/32 dev vips0\n" }.joined()
        try BenchFile.write("link add vips0 type dummy\nlink set vips0 up\n" + lines, to: addresses)
        for (part, network) in [
            (Part.alone, "off"), (.whole, "{vipBinding: address, clusterCIDRs: [10.128.0.0/9]}"),
            (.routed, "{vipBinding: route, serviceCIDRs: [10.96.0.0/12], clusterCIDRs: [10.128.0.0/9]}"),
        ] {
            try BenchFile.write("virtualServers: []\nnetwork: \(network)\n", to: configuration(part))
        }
    }

    private func configuration(_ part: Part) -> String { "\(directory)/\(part).yaml" }

    private func run(_ part: Part) throws -> Measurements {
        switch part {
        case .alone, .whole, .routed: return try sync(part)
        case .rules: return try time(part, "nft -f \(rules)")
        case .addresses: return try time(part, "ip -batch \(addresses)")
        }
    }

    /// One run of ipvsync with the phases that it reports.
    private func sync(_ part: Part) throws -> Measurements {
        let report = "\(directory)/report"
        let arguments = [
            ipvsync, "--once", "--manifests", manifest, "--node", "n1", "--config", configuration(part), "--state-dir",
            "$(mktemp -d \(directory)/state.XXXXXX)", "--quiet", "--output", "json", ">\(report)",
        ]
        var found = try time(
            part, arguments.joined(separator: " "),
            then: part == .whole ? "nft list table inet ipvsync >\(rules)" : ":")
        let document = try YAMLNode.documents(in: try BenchFile.read(report)).first
        guard let run = document, let seconds = run["seconds"] else {
            throw BenchError("no report of \(part.rawValue)")
        }
        for phase in Measurements.phases + ["sync"] {
            found.values["\(part.rawValue) \(phase)"] = seconds[phase]?.number ?? 0
        }
        // Partly at the same time as the phases.
        found.values["\(part.rawValue) network"] = run["network"]?["seconds"]?.number ?? 0
        return found
    }

    /// Times a command of a shell in a new namespace.
    ///
    /// - Parameter rest: What is done there afterwards.
    private func time(_ part: Part, _ command: String, then rest: String = ":") throws -> Measurements {
        let output = "\(directory)/time"
        let script = """
            set -euo pipefail
            ip link set lo up
            started=${EPOCHREALTIME/.}
            \(command)
            echo $((${EPOCHREALTIME/.} - started)) >\(output)
            \(rest)
            """
        _ = try MeasuredCommand(arguments: ["unshare", "--net", "bash", "-c", script]).run()
        guard let microseconds = Double(try BenchFile.read(output).filter(\.isNumber)) else {
            throw BenchError("no time of \(part.rawValue)")
        }
        var found = Measurements()
        found.values["\(part.rawValue) whole"] = microseconds / 1e6
        return found
    }
}

extension YAMLNode {
    fileprivate var number: Double? { scalar.flatMap { Double($0.text) } }
}
