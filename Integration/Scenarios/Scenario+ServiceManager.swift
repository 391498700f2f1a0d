import Glibc

extension Scenario {
    /// The agent as the service manager runs it, with all the restrictions of its unit.
    static let serviceManager: [Scenario] = [
        Scenario(
            "data path: the systemd unit's restrictions leave it all that it needs", tags: [.fullKernel]
        ) { context in
            let site = try NodeSite(context)
            let (before, foreign) = (try site.own(), try site.foreign())
            let arguments = try site.arguments("syncInterval: 1s", "telemetry: off")
            let manager = try ServiceManager(context, arguments: arguments)
            // Returns once the agent has said that it is ready.
            try manager.systemctl("start")
            let whole = try site.own()
            try whole.expectWhole()
            let confined = try manager.processStatus(["CapEff", "CapBnd", "NoNewPrivs", "Seccomp"])
            try expectEqual(
                confined, ["CapEff:\t00000000000010e0", "CapBnd:\t00000000000010e0", "NoNewPrivs:\t1", "Seccomp:\t2"])
            try expectEqual(try site.foreign(), foreign, "what is others'")

            for (name, damage) in NodeDamage.thorough {
                try context.run(damage)
                try context.eventually("\(name)\n\(manager.log)") {
                    () throws(ScenarioFailure) in
                    try site.own() == whole
                }
            }
            let firstProcess = try manager.property("MainPID")
            try manager.systemctl("reload")
            try expectEqual(try manager.property("MainPID"), firstProcess, "the process after a reload")
            try manager.systemctl("restart")
            try expectEqual(try manager.property("NRestarts"), "0", "restarts of its own accord")
            try expectEqual(try site.own(), whole, "after a restart")

            try manager.systemctl("stop")
            try expectEqual(try manager.property("Result"), "success", "its end")
            try expectEqual(try site.own(), whole, "after its end")
            // What it has made is on record outside as well.
            try site.run(["cleanup"])
            try expectEqual(try site.own(), before, "after the cleanup")
            try expectEqual(try site.foreign(), foreign, "what is others' after the cleanup")
        }
    ]
}
