import Agent
import Configuration
import IPVS
import LoadBalancing
import Reconcile

extension Scenario {
    /// What an import promises: `plan` with its result finds nothing to do.
    static let imports: [Scenario] = [
        Scenario("import: 1,000 random tables import so that nothing is left to do", timeLimit: .seconds(600)) {
            context in
            let raw = try RawTable()
            let client = try IPVSClient()
            var states = RawStates(seed: 14)
            var (declared, leftOut, refused) = (0, 0, 0)
            for round in 0..<1000 {
                try raw.flush()
                for (service, destinations) in states.next() {
                    guard try raw.add(service) == 0 else {
                        refused += 1
                        continue
                    }
                    for destination in destinations where try raw.add(destination, to: service) != 0 { refused += 1 }
                }
                let observed = try client.state()
                let table = ImportedTable(observed)
                let desired = try Configuration.parse(table.yaml(), file: "import").desired
                try expectEqual(
                    desired.virtualServers.count + table.omissions.count, observed.virtualServers.count,
                    "round \(round): what is declared or left out")
                try expectEqual(try changes(desired, client, context), [], "round \(round): changes")
                try checkExport(observed, round)
                declared += desired.virtualServers.count
                leftOut += table.omissions.count
            }
            try expect(declared > 1000 && leftOut > 500 && refused > 500, "\(declared), \(leftOut), \(refused)")
        },
        Scenario("import: what ipvsadm -R makes of a file is what import reads of it", timeLimit: .seconds(600)) {
            context in
            let client = try IPVSClient()
            var files = RuleFiles(seed: 14)
            var count = 0
            for round in 0..<200 {
                let text = files.next().joined(separator: "\n") + "\n"
                try client.flush()
                let result = try Command(["ipvsadm", "-R"], input: text).run()
                try expect(result.succeeded && result.error.isEmpty, "round \(round): \(result)\n\(text)")
                let desired = try Configuration.parse(
                    ImportedTable(try IpvsadmRules.parse(text, file: "rules")).yaml(), file: "import"
                ).desired
                let observed = try client.state()
                try expectEqual(
                    desired.virtualServers, DesiredState(observed).virtualServers, "round \(round): \(text)\ntable")
                try expectEqual(try changes(desired, client, context), [], "round \(round): \(text)\nchanges")
                count += desired.virtualServers.reduce(0) { $0 + 1 + $1.realServers.count }
            }
            try expect(count > 700, "only \(count) rules")
        },
        Scenario("import: what ipvsadm -S saves is read as it stands", timeLimit: .seconds(600)) { context in
            let raw = try RawTable()
            let client = try IPVSClient()
            var states = RawStates(seed: 15)
            var count = 0
            for round in 0..<200 {
                try raw.flush()
                for (service, destinations) in states.next() {
                    guard try raw.add(service) == 0 else { continue }
                    // What ipvsadm cannot save: thresholds, other ports of direct routing, methods without a name.
                    for destination in destinations {
                        let isPlain =
                            [0, 2, 3].contains(destination.method) && destination.tunnelType < 3
                            && destination.tunnelFlags < 3
                            && (destination.method == 0 || destination.port == service.port || service.mark != 0)
                            && (destination.tunnelType == 1 || destination.tunnelPort == 0)
                        guard isPlain, destination.tunnelType != 2 || destination.tunnelFlags < 2 else { continue }
                        var bare = destination
                        (bare.upperThreshold, bare.lowerThreshold) = (0, 0)
                        _ = try raw.add(bare, to: service)
                    }
                }
                let observed = try client.state()
                let saved = try context.ipvsadm("-Sn").output
                guard !saved.isEmpty else { continue }
                let table = ImportedTable(try IpvsadmRules.parse(saved, file: "dump"))
                let desired = try Configuration.parse(table.yaml(), file: "import").desired
                let direct = try Configuration.parse(ImportedTable(observed).yaml(), file: "import").desired
                let expected = direct.virtualServers.map(withoutUnsaidFlag)
                try expectEqual(desired.virtualServers, expected, "round \(round): \(saved)\ntable")
                count += desired.virtualServers.count
            }
            try expect(count > 100, "only \(count) virtual servers")
        },
    ]

    /// As ipvsadm saves it: the third flag of these two schedulers is lost beside another.
    private static func withoutUnsaidFlag(_ server: DesiredVirtualServer) -> DesiredVirtualServer {
        var server = server
        if ["sh", "mh"].contains(server.virtualServer.scheduler.name), server.virtualServer.scheduler.flags != .flag3 {
            server.virtualServer.scheduler.flags.remove(.flag3)
        }
        return server
    }

    /// What a sync would change, in words.
    private static func changes(_ desired: DesiredState, _ client: IPVSClient, _ context: Context) throws -> [String] {
        let identity = try StateIdentity.current()
        let store = LedgerStore(directory: "\(context.directory)/none", identity: identity)
        let report = try Synchronizer(table: client, store: store, policy: ReconcilePolicy()).preview(desired)
        return report.changes.map { "\($0)" }
    }

    /// Every tenth table: what is exported, `ipvsadm -R` takes without a word.
    private static func checkExport(_ observed: ObservedState, _ round: Int) throws {
        guard round % 10 == 0 else { return }
        let rules = IpvsadmExport(DesiredState(observed)).rules
        let result = try Command(["ipvsadm", "-R"], input: "-C\n" + rules).run()
        try expect(result.succeeded && result.error.isEmpty, "round \(round): \(result)\n\(rules)")
        let restored = try IPVSClient().state()
        try expectEqual(IpvsadmExport(DesiredState(restored)).rules, rules, "round \(round): what was restored")
    }
}
