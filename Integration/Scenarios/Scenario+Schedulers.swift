import Glibc
import LoadBalancing

extension Scenario {
    /// Whom the kernel's schedulers choose, by packets of both families.
    static let schedulers: [Scenario] = turns + hashes + loads + persistence

    private static func scheduler(
        _ name: String, tags: Set<Tag> = [],
        _ body: @escaping @Sendable (BalancedLab, AddressFamily) throws -> Void
    ) -> Scenario {
        Scenario("schedulers: \(name)", tags: tags) { context in
            let lab = try BalancedLab(context)
            for family in AddressFamily.allCases { try body(lab, family) }
        }
    }

    private static let turns: [Scenario] = [
        scheduler("rr takes turns exactly") { lab, family in
            try lab.balance(.init(scheduler: "rr", weights: [.a: 1, .b: 5, .d: 1]))
            let servers = try lab.servers(try lab.question(family), times: 9)
            try expectEqual(Set(servers.prefix(3)), ["a", "b", "d"], "the first turn")
            try expectEqual(servers, Array(repeating: Array(servers.prefix(3)), count: 3).flatMap { $0 }, "turns")
        },
        scheduler("wrr takes turns by weight exactly") { lab, family in
            try lab.balance(.init(scheduler: "wrr", weights: [.a: 3, .b: 2, .d: 1]))
            let servers = try lab.servers(try lab.question(family), times: 12)
            for cycle in [servers[..<6], servers[6...]] {
                try expectEqual(
                    Dictionary(grouping: cycle) { $0 }.mapValues(\.count), ["a": 3, "b": 2, "d": 1], "a cycle")
            }
        },
        scheduler("fo gives all to the greatest weight that is not 0") { lab, family in
            let question = try lab.question(family)
            try lab.balance(.init(scheduler: "fo", weights: [.a: 3, .b: 2, .d: 1]))
            try expectEqual(Set(try lab.servers(question, times: 6)), ["a"], "servers")
            try lab.balance(.init(scheduler: "fo", weights: [.a: 0, .b: 2, .d: 1]))
            try expectEqual(Set(try lab.servers(question, times: 6)), ["b"], "servers")
            try lab.balance(.init(scheduler: "fo", weights: [.a: 0, .b: 2, .d: 4]))
            try expectEqual(Set(try lab.servers(question, times: 6)), ["d"], "servers")
        },
    ]

    private static let hashes: [Scenario] = [
        scheduler("sh keeps each source with one real server") { lab, family in
            try lab.balance(.init(scheduler: "sh", weights: [.a: 1, .b: 1, .d: 1]))
            let servers = try lab.serversBySource(family)
            try expect(servers.allSatisfy { $0.count == 1 }, "\(servers)")
            try expect(Set(servers).count > 1, "every source has the same: \(servers)")
        },
        scheduler("dh keeps each destination with one real server") { lab, family in
            try lab.balance(.init(scheduler: "dh", weights: [.a: 1, .b: 1, .d: 1], addresses: 8))
            var chosen: Set<Set<String>> = []
            for address in 1...8 {
                let servers = try [0, 1, 2].map { (source) throws(ScenarioFailure) in
                    try lab.servers(try lab.question(family, source: source, address: address), times: 2)
                }
                try expectEqual(Set(servers.flatMap { $0 }).count, 1, "servers of address \(address)")
                chosen.insert(Set(servers.flatMap { $0 }))
            }
            try expect(chosen.count > 1, "every destination has the same: \(chosen)")
        },
        scheduler("mh keeps each source with one real server, and moves few others when one goes") { lab, family in
            try lab.balance(.init(scheduler: "mh", weights: [.a: 1, .b: 1, .d: 1]))
            let before = try lab.serversBySource(family)
            try expect(before.allSatisfy { $0.count == 1 }, "\(before)")
            try expect(Set(before).count > 1, "every source has the same: \(before)")
            // Without a drain, that is: the kernel refuses the sources of a real server that drains.
            try lab.balance(.init(scheduler: "mh", weights: [.a: 1, .b: 1], settings: ["drainTimeout: 0s"]))
            let after = try lab.serversBySource(family)
            try expect(after.allSatisfy { $0 == ["a"] || $0 == ["b"] }, "\(after)")
            let moved = zip(before, after).count { $0 != $1 && $0 != ["d"] }
            StandardStream.output.writeLine("\(family): \(moved) of 7 moved beside those of the one that went")
            try expect(moved <= 2, "\(before) became \(after)")
        },
        scheduler("mh without mh-fallback refuses the sources of a real server that drains") { lab, family in
            try lab.balance(.init(scheduler: "mh", weights: [.a: 1, .b: 1, .d: 1]))
            let before = try lab.serversBySource(family)
            let source = try require(before.firstIndex { $0 == ["a"] }, "no source for a: \(before)")
            let question = try lab.question(family, source: source)
            try lab.balance(.init(scheduler: "mh", weights: [.a: 0, .b: 1, .d: 1]))
            let outcomes = try lab.lab.ask(question, times: 2)
            try expect(outcomes.allSatisfy { $0.server == nil }, "\(outcomes)")
            try lab.balance(
                .init(
                    scheduler: "mh", weights: [.a: 0, .b: 1, .d: 1], fields: ["schedulerFlags: [mh-fallback]"]))
            try expectEqual(Set(try lab.servers(question, times: 3)).count, 1, "servers with the fallback")
        },
    ]

    private static let loads: [Scenario] = [
        scheduler("lc gives to the one with the fewest connections") { lab, family in
            let question = try lab.question(family)
            try lab.balance(.init(scheduler: "lc", weights: [.a: 1, .b: 1, .d: 1]))
            var held = try lab.hold(question, count: 6)
            try expectEqual(
                Dictionary(grouping: held, by: \.server).mapValues(\.count), ["a": 2, "b": 2, "d": 2], "connections")
            held.removeAll { $0.server == "b" }
            // The one with the fewest gets the next ones until it has as many as the others.
            held += try lab.hold(question, count: 2)
            try expectEqual(held.suffix(2).map(\.server), ["b", "b"], "the next servers")
        },
        scheduler("ovf overflows to the next weight when the connections pass the weight") { lab, family in
            let question = try lab.question(family)
            try lab.balance(.init(scheduler: "ovf", weights: [.a: 3, .b: 2, .d: 1]))
            let held = try lab.hold(question, count: 9)
            // The kernel compares before it counts the new one: each gets one more than its weight.
            let expected = Array(repeating: "a", count: 4) + Array(repeating: "b", count: 3) + ["d", "d"]
            try expectEqual(held.map(\.server), expected, "servers in turn")
            let none = try withExtendedLifetime(held) { try lab.lab.ask([question]) }
            try expect(none[0].server == nil, "there was no room left, but \(none[0])")
        },
    ]

    private static let persistence: [Scenario] = [
        scheduler("persistence holds for its time and ends after it") { lab, family in
            func balance(persistence seconds: Int) throws(ScenarioFailure) {
                try lab.balance(
                    .init(
                        scheduler: "rr", weights: [.a: 1, .b: 1, .d: 1], fields: ["persistence: \(seconds)s"],
                        settings: ["timeouts: {udp: 1s}"], transports: [.udp]))
            }
            let question = try lab.question(family, .udp)
            // The time has to outlast a return of the client, as long as that takes now.
            try balance(persistence: 60)
            let other = try lab.question(family, source: 1, .udp)
            let rehearsal = try ContinuousClock().measure { _ = try lab.servers(other, times: 2) }
            let persistence = 3 + Int((rehearsal * 20).components.seconds)
            try balance(persistence: persistence)
            var servers: [String] = []
            let began = ContinuousClock.now
            while .now - began < .seconds(persistence + 1) {
                servers += try lab.servers(question, times: 2)
                usleep(500_000)
            }
            try expectEqual(Set(servers).count, 1, "servers of a client that comes back")
            try lab.context.eventually("the client is forgotten") { () throws(ScenarioFailure) in
                try lab.templateExpiry(family, .udp) == nil
            }
            let later = try lab.servers(question, times: 3)
            try expectEqual(Set(later).count, 1, "servers of a client that comes back")
            try expect(later.first != servers.first, "the client is still bound to \(servers[0])")
        },
        scheduler("persistence outlives its time by up to a minute while there are connections") { lab, family in
            try lab.balance(
                .init(scheduler: "rr", weights: [.a: 1, .b: 1, .d: 1], fields: ["persistence: 2s"]))
            let held = try lab.hold(try lab.question(family), count: 1)
            // With its time over, the kernel gives it another minute.
            try lab.context.eventually("the template is prolonged") { () throws(ScenarioFailure) in
                let seconds = try require(try lab.templateExpiry(family), "no template")
                return (3...60).contains(seconds)
            }
            let servers = try lab.servers(try lab.question(family), times: 3)
            try expectEqual(Set(servers), [held[0].server], "servers")
        },
        affinity(expiresQuiescent: true), affinity(expiresQuiescent: false),
        scheduler("one-packet UDP spreads every datagram of one socket") { lab, family in
            let question = try lab.question(family, .udp)
            var table = BalancedLab.Table(scheduler: "rr", weights: [.a: 1, .b: 1, .d: 1], transports: [.udp])
            try lab.balance(table)
            let bound = try lab.datagrams(question, count: 6)
            try expectEqual(Set(bound.map(\.server)).count, 1, "servers of a flow")
            try expectEqual(Set(bound.map(\.from)), [BalancedLab.host(family)], "where answers come from")
            table.fields = ["onePacket: true"]
            try lab.balance(table)
            let spread = try lab.datagrams(question, count: 6)
            try expectEqual(
                Dictionary(grouping: spread, by: \.server).mapValues(\.count), ["a": 2, "b": 2, "d": 2], "servers")
            let hosts = Set([LabPlace.a, .b, .d].map { $0.address(family) })
            // There is no connection left by which the answer could be given the virtual server's address.
            try expectEqual(Set(spread.map(\.from)), hosts, "where answers come from")
        },
    ]

    /// What becomes of a bound client while its real server drains.
    private static func affinity(expiresQuiescent: Bool) -> Scenario {
        let name = expiresQuiescent ? "a bound client moves on while its connection stays" : "a bound client stays"
        return Scenario(
            "schedulers: \(name) when its real server drains, expire_quiescent_template=\(expiresQuiescent ? 1 : 0)"
        ) { context in
            let lab = try BalancedLab(context)
            try TrafficSite.set("ipv4/vs/expire_quiescent_template", expiresQuiescent ? "1" : "0")
            for family in AddressFamily.allCases {
                let question = try lab.question(family)
                var table = BalancedLab.Table(
                    scheduler: "rr", weights: [.a: 1, .b: 1, .d: 1], fields: ["persistence: 300s"])
                try lab.balance(table)
                let held = try lab.hold(question, count: 1)
                let old = held[0].server
                table.weights =
                    old == "a" ? [.a: 0, .b: 1, .d: 1] : old == "b" ? [.a: 1, .b: 0, .d: 1] : [.a: 1, .b: 1, .d: 0]
                try lab.balance(table)
                let new = Set(try lab.servers(question, times: 4))
                try expectEqual(new.count, 1, "servers of the client's new connections")
                try expectEqual(new.contains(old), !expiresQuiescent, "whether \(old) gets new connections")
                held[0].call.askAgain()
                try expectEqual(held[0].call.wait().server, old, "the server of the connection that lives on")
            }
        }
    }
}
