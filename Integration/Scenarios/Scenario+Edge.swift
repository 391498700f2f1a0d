import Glibc
import LoadBalancing

extension Scenario {
    /// Directors that share nothing and stand in for each other.
    static let edge: [Scenario] = [
        failover(servesUnseen: true), failover(servesUnseen: false), failover(servesUnseen: true, firewall: true),
        Scenario("edge: real servers come and go in any order, and no connection breaks") { context in
            let site = try EdgeSite(context)
            let director = try require(site.all.first, "no director")
            try site.start(director, endpoints: [5, 6])
            try site.route(to: [director])
            let traffic = try site.traffic(100)
            // Each has to come behind all that are there, which are moved for it while packets come.
            var endpoints = [5, 6]
            for coming in [4, 3, 2, 1] {
                endpoints.append(coming)
                try site.change(director, endpoints: endpoints)
                for family in AddressFamily.allCases {
                    try expectEqual(
                        try site.order(director, family), Self.canonical(endpoints, family), "the order of \(family)")
                }
            }
            let setting = try director.namespace.inside { () throws(ScenarioFailure) in
                try context.run(["cat", "/proc/sys/net/ipv4/vs/expire_nodest_conn"]).output
            }
            try expectEqual(setting, "1\n", "expire_nodest_conn")
            let report = try traffic.finish()
            try report.expectUnbroken()
            try expectEqual(report.longConnections.count, 200, "connections")
        },
    ]

    /// 1,000 flows over two directors that have learned the endpoints in different orders, one of which is killed.
    ///
    /// - Parameter firewall: Whether rules are kept, and so connections are tracked.
    private static func failover(servesUnseen: Bool, firewall: Bool = false) -> Scenario {
        let outcome =
            (servesUnseen ? "no flow is reset" : "without sloppy_tcp its flows are reset")
            + (firewall ? ", with rules too" : "")
        return Scenario(
            "edge: one of two directors is killed with 1,000 flows, and \(outcome)", tags: firewall ? [.fullKernel] : []
        ) { context in
            let site = try EdgeSite(context)
            let (first, second) = (site.all[0], site.all[1])
            try site.start(first, endpoints: [2], setsSysctls: servesUnseen, firewall: firewall)
            for known in [[2, 6], [2, 6, 4], [2, 6, 4, 1], [2, 6, 4, 1, 5], [2, 6, 4, 1, 5, 3]] {
                try site.change(first, endpoints: known)
            }
            try site.start(second, endpoints: [1, 2, 3, 4, 5, 6], setsSysctls: servesUnseen, firewall: firewall)
            for family in AddressFamily.allCases {
                let order = canonical([1, 2, 3, 4, 5, 6], family)
                for director in site.all {
                    try expectEqual(try site.order(director, family), order, "the order of \(family)")
                }
            }
            try site.route(to: site.all)
            let traffic = try site.traffic(500)
            let held = try site.all.map { (director) throws(ScenarioFailure) in try site.connections(director) }
            StandardStream.output.writeLine("connections of the directors: \(held)")
            try expect(held.allSatisfy { $0 > 300 }, "not spread over the directors: \(held)")
            try site.kill(first)
            if servesUnseen {
                try context.eventually("all flows at the other director") { () throws(ScenarioFailure) in
                    try site.connections(second) >= 1_000
                }
            }
            // The one that is left answers all of them, several times.
            usleep(5_000_000)
            let report = try traffic.finish()
            try expectEqual(report.longConnections.count, 1_000, "flows")
            let resets = report.brokenConnections.count { $0.failure?.code == ECONNRESET }
            StandardStream.output.writeLine(
                "\(resets) resets, \(report.brokenConnections.count) broken of \(report.longConnections.count) flows")
            if servesUnseen {
                try report.expectUnbroken()
            } else {
                try expect(resets > 300, "only \(resets) resets without sloppy_tcp")
            }
        }
    }

    /// Real servers in the order of the kernel's list, the last addition first.
    private static func canonical(_ endpoints: [Int], _ family: AddressFamily) -> [String] {
        endpoints.sorted(by: >).map { EdgeSite.socket($0, family) }
    }
}
