import Glibc
import LoadBalancing

extension Scenario {
    /// That the way out of the table is safe for real servers which had no connection when they were looked at.
    static let leaving: [Scenario] = [
        Scenario("traffic: real servers that leave idle cut no connection") { context in
            let site = try LeavingSite(context)
            let everybody = Array(0..<LeavingSite.count)
            let agent = try context.startIPVSync("--config", try site.declare(everybody))
            try context.eventually("all of them serve") { () throws(ScenarioFailure) in
                try site.serving() == everybody.count
            }
            // Most real servers are idle, and the next connections go to some that are about to leave.
            let traffic = try site.startTraffic(perSecond: 100, hold: 200...500)
            try traffic.waitForAnswers(60)
            for round in 1...6 {
                for (half, chosen) in [Array(everybody.shuffled().prefix(everybody.count / 2)), everybody].enumerated()
                {
                    try site.declare(chosen)
                    try context.eventually("those that are declared serve") { () throws(ScenarioFailure) in
                        try site.serving() == chosen.count
                    }
                    try traffic.waitForAnswers(60 + 45 * (2 * round + half - 1))
                }
            }
            let connections = try traffic.finish().new(.ipv4)
            try expect(connections.attempted >= 600, "too little traffic: \(connections)")
            try expect(
                connections.failures.isEmpty && connections.succeeded == connections.attempted,
                "\(connections.failures.count) of \(connections.attempted) connections were cut:\n"
                    + connections.failures.prefix(10).map { "  \($0)" }.joined(separator: "\n"))
            // A connection that was cut lives on when its real server comes back in time; but packets were lost.
            try expect(connections.lost == 0, "packets were lost: \(connections)")
            let removed = try context.metric(
                #"ipvsync_operations_total{object="real_server",kind="remove",result="made"}"#)
            StandardStream.output.writeLine("\(removed) real servers left")
            try expect(agent.isRunning && removed > 1_500, "only \(removed) real servers left")
        }
    ]
}
