import Glibc
import LoadBalancing

extension Scenario {
    /// Addresses of an edge that routers learn by BGP.
    static let announced: [Scenario] = [
        Scenario("routes: BIRD announces external addresses while the agent is ready, and no others") { context in
            let routed = try RoutedSite(context)
            let site = routed.site
            try routed.startAnnouncer()
            // Nobody is ready yet.
            try routed.announcer?.waitForText("disable vips")
            try site.start(routed.director, endpoints: [1, 2, 3])
            try routed.eventually(true, "with an agent that is ready")
            // Cluster IPs are on the same device.
            let director = routed.director
            let device = try director.namespace.inside { () throws(ScenarioFailure) in
                try context.run(["ip", "-brief", "address", "show", "dev", "ipvsync0"]).output
            }
            try expect(device.contains("10.96.0.80") && device.contains("fd96::80"), device)
            let traffic = try site.traffic(20)
            // One that hangs says no more that it is ready.
            director.agent?.send(SIGSTOP)
            try routed.eventually(false, "with an agent that hangs")
            director.agent?.send(SIGCONT)
            try routed.eventually(true, "with an agent that goes on")
            // The kernel has balanced all the while, and packets without a route are sent again.
            try expectEqual(traffic.report.longConnections.count, 40, "connections")
            try traffic.closeLongConnections()
            // Without an answer for 3 s the client gives a connection up; nobody resets one.
            let codes = try traffic.finish().brokenConnections.compactMap(\.failure?.code)
            try expect(codes.allSatisfy { $0 == ETIMEDOUT }, "\(codes)")
            // An address stays for the last connection, and takes its route along when it goes.
            try site.withdraw(from: director)
            try routed.eventually(false, "without external addresses")
        },
        Scenario("routes: they are gone before the agent ends and connections with it") { context in
            let routed = try RoutedSite(context)
            let site = routed.site
            try site.start(routed.director, endpoints: [1, 2, 3], cleansUp: true)
            try routed.startAnnouncer()
            try routed.eventually(true, "with an agent that is ready")
            let announcer = try require(routed.announcer, "no announcer")
            announcer.send(SIGTERM)
            try routed.eventually(false, "without the announcer")
            // It waits for packets on their way, while everything is served as before.
            try expect(announcer.isRunning, "it has not waited: \(announcer.output)\(announcer.error)")
            for family in AddressFamily.allCases {
                try expectEqual(try site.order(routed.director, family).count, 3, "real servers of \(family)")
            }
            let end = try announcer.wait()
            try expect(end.succeeded, end.description)
            let agent = try require(routed.director.agent, "no agent")
            agent.send(SIGTERM)
            _ = try agent.wait()
            for family in AddressFamily.allCases {
                try expectEqual(try site.order(routed.director, family), [], "real servers of \(family)")
            }
        },
    ]
}
