import Configuration
import Documents
import Glibc
import IPVS
import LoadBalancing
import Netlink

/// Measures everything that is done to a table of one size, each thing in turn with its peers, several times over.
struct TableBench {
    private let count: Int
    private let rounds: Int
    private let ipvsync: String
    private let directory: String
    private let family: UInt16

    init(count: Int, rounds: Int, ipvsync: String, directory: String) throws {
        self.count = count
        self.rounds = rounds
        self.ipvsync = ipvsync
        self.directory = directory
        family = try GenericNetlinkSocket.resolveFamily(IPVSClient.familyName)
        let table = BenchTable(count: count)
        try write(Configuration(desired: DesiredState(virtualServers: table.virtualServers)).yaml(), "table.yaml")
        let changed = BenchTable(count: count, weight: 7)
        try write(Configuration(desired: DesiredState(virtualServers: changed.virtualServers)).yaml(), "changed.yaml")
        try write("virtualServers: []\n", "empty.yaml")
        try write(table.virtualServers.map(\.rules).joined(), "rules")
    }

    /// - Parameter restores: Whether `ipvsadm -R` is measured too, once, for it takes minutes.
    func run(restores: Bool) throws -> TableFigures {
        var figures = TableFigures(count: count)
        let table = BenchTable(count: count)
        let additions = try Floor(table.additions, family: family)
        let removals = try Floor(table.removals, family: family)
        for round in 1...rounds {
            say("\(count) virtual servers: round \(round) of \(rounds)")
            figures.floorProgram.add(try additions.run())
            figures.floorRemove.add(try removals.run())
            figures.add(try sync("table.yaml"), to: \.program)
            figures.add(try sync("table.yaml"), to: \.noOp)
            figures.list.add(try MeasuredCommand(arguments: ["ipvsadm", "-Sn"], output: "\(directory)/saved").run().wall)
            figures.add(try sync("changed.yaml"), to: \.oneChange)
            figures.add(try sync("empty.yaml"), to: \.remove)
            _ = try additions.run()
            figures.clear.add(try MeasuredCommand(arguments: ["ipvsadm", "-C"]).run().wall)
        }
        if restores {
            say("\(count) virtual servers: ipvsadm -R, which takes a while")
            let restore = MeasuredCommand(arguments: ["ipvsadm", "-R"], input: "\(directory)/rules")
            figures.restore.add(try restore.run().wall)
            _ = try MeasuredCommand(arguments: ["ipvsadm", "-C"]).run()
        }
        return figures
    }

    /// One run of ipvsync with the phases that it reports.
    private func sync(_ file: String) throws -> SyncFigures {
        let report = "\(directory)/report"
        let result = try MeasuredCommand(
            arguments: [
                ipvsync, "--once", "--allow-mass-removal", "--config", "\(directory)/\(file)", "--state-dir",
                "\(directory)/state", "--output", "json",
            ], output: report
        ).run()
        guard let seconds = try YAMLNode.documents(in: try read(report)).first?["seconds"] else {
            throw BenchError("no report of \(file)")
        }
        let phases = ["parse", "read", "plan", "ledger", "apply"].map { name in
            (name, seconds[name]?.scalar.flatMap { Double($0.text) } ?? 0)
        }
        return SyncFigures(
            wall: result.wall, peakMemory: result.peakMemory, phases: Dictionary(uniqueKeysWithValues: phases))
    }

    private func say(_ text: String) {
        let line = Array("bench: \(text)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
    }

    private func write(_ text: String, _ name: String) throws {
        guard let file = fopen("\(directory)/\(name)", "w") else { throw BenchError("\(directory)/\(name) cannot be written") }
        defer { fclose(file) }
        guard fputs(text, file) >= 0 else { throw BenchError("\(directory)/\(name) cannot be written") }
    }

    private func read(_ path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw BenchError("\(path) cannot be read") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension DesiredVirtualServer {
    /// The virtual server as ipvsadm reads it.
    fileprivate var rules: String {
        guard case .endpoint(_, let endpoint) = key else { return "" }
        return "-A -t \(endpoint) -s \(virtualServer.scheduler.name)\n"
            + realServers.map { "-a -t \(endpoint) -r \($0.endpoint) -m -w \($0.weight)\n" }.joined()
    }
}
