import Configuration
import Documents
import IPVS
import LoadBalancing
import Netlink

/// Measures what is done to a table of one size.
struct TableBench {
    private let count: Int
    private let ipvsync: String
    private let directory: String
    private let family: UInt16

    /// - Parameter directory: Where ``writeFiles()`` puts what the measured programs read.
    init(count: Int, ipvsync: String, directory: String) throws {
        self.count = count
        self.ipvsync = ipvsync
        self.directory = directory
        family = try GenericNetlinkSocket.resolveFamily(IPVSClient.familyName)
    }

    /// Writes the configurations and rules for tables of this size.
    func writeFiles() throws {
        let table = BenchTable(count: count)
        try BenchFile.write(
            Configuration(desired: DesiredState(virtualServers: table.virtualServers)).yaml(),
            to: "\(directory)/table.yaml")
        let changed = BenchTable(count: count, weight: 7)
        try BenchFile.write(
            Configuration(desired: DesiredState(virtualServers: changed.virtualServers)).yaml(),
            to: "\(directory)/changed.yaml")
        try BenchFile.write("virtualServers: []\n", to: "\(directory)/empty.yaml")
        try BenchFile.write(table.virtualServers.map(\.rules).joined(), to: "\(directory)/rules")
    }

    /// What is measured in a network namespace of its own: real servers that are gone stay on a list of the kernel's for
    /// two minutes, which every addition searches, so that one measurement would slow down the next.
    enum Part: String, CaseIterable {
        case floor, sync, clear, restore
    }

    /// Measures a part in this process' own namespace.
    func measure(_ part: Part) throws -> Measurements {
        var found = Measurements()
        let table = BenchTable(count: count)
        switch part {
        case .floor:
            found["floor program"] = try Floor(table.additions, family: family).run()
            found["floor remove"] = try Floor(table.removals, family: family).run()
        case .sync:
            try measureSync(&found)
        case .clear:
            _ = try Floor(table.additions, family: family).run()
            found["ipvsadm -C"] = try MeasuredCommand(arguments: ["ipvsadm", "-C"]).run().wall
        case .restore:
            let restore = MeasuredCommand(arguments: ["ipvsadm", "-R"], input: "\(directory)/rules")
            found["ipvsadm -R"] = try restore.run().wall
        }
        return found
    }

    private func measureSync(_ found: inout Measurements) throws {
        try sync("table.yaml", "program", &found)
        try sync("table.yaml", "no-op", &found)
        found["ipvsadm -Sn"] = try MeasuredCommand(arguments: ["ipvsadm", "-Sn"], output: "\(directory)/saved").run()
            .wall
        try sync("changed.yaml", "one change", &found)
        try sync("empty.yaml", "remove", &found)
    }

    /// One run of ipvsync with the phases that it reports.
    private func sync(_ file: String, _ name: String, _ found: inout Measurements) throws {
        let report = "\(directory)/report"
        let result = try MeasuredCommand(
            arguments: [
                ipvsync, "--once", "--allow-mass-removal", "--config", "\(directory)/\(file)", "--state-dir",
                "\(directory)/state", "--quiet", "--output", "json",
            ], output: report
        ).run()
        guard let seconds = try YAMLNode.documents(in: try BenchFile.read(report)).first?["seconds"] else {
            throw BenchError("no report of \(file)")
        }
        found["\(name) whole"] = result.wall
        found.values["\(name) peak"] = Double(result.peakMemory)
        for phase in Measurements.phases {
            found.values["\(name) \(phase)"] = seconds[phase]?.scalar.flatMap { Double($0.text) } ?? 0
        }
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
