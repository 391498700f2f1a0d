import Documents

extension Scenario {
    /// What is ours goes with its declaration; what is not is never touched.
    static let ownership: [Scenario] = [
        Scenario("ownership: foreign virtual servers survive run, removal and cleanup") { context in
            try context.ipvsadm("-R", input: foreign.joined(separator: "\n") + "\n")
            try context.sync(Tables.configuration(3))
            try expectEqual(try context.ipvsadmSave(), (foreign + Tables.saved(3)).sorted())
            try context.sync(Tables.configuration(1))
            try expectEqual(try context.ipvsadmSave(), (foreign + Tables.saved(1)).sorted())
            try context.sync(
                "virtualServers: [{address: 192.0.2.99:80, scheduler: nosuch, realServers: []}]", status: 1)
            try expectEqual(try context.ipvsadmSave(), foreign.sorted())
            try context.sync(Tables.configuration(2))
            try context.command("cleanup")
            try expectEqual(try context.ipvsadmSave(), foreign.sorted())
        },
        Scenario("ownership: a declared virtual server that exists is taken over, and removed later") { context in
            try context.ipvsadm("-A", "-t", "192.0.2.1:80", "-s", "sh")
            try context.ipvsadm("-a", "-t", "192.0.2.1:80", "-r", "198.51.100.9:80", "-m")
            let report = try context.sync(
                "virtualServers: [{address: 192.0.2.1:80, scheduler: rr, realServers: [198.51.100.1]}]")
            try expectEqual(report.count("adopted"), 1)
            try expectEqual(
                try context.ipvsadmSave(),
                ["-A -t 192.0.2.1:80 -s rr", "-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m -w 1"])
            try context.sync("virtualServers: []")
            try expectEqual(try context.ipvsadmSave(), [])
        },
        Scenario("ownership: a lost ledger makes nothing ours but what is declared") { context in
            let state = "\(context.directory)/state"
            try context.sync(Tables.configuration(2), "--state-dir", state)
            try context.run(["rm", "-r", state])
            try context.sync("virtualServers: []", "--state-dir", state)
            try expectEqual(try context.ipvsadmSave(), Tables.saved(2))
            try context.sync(Tables.configuration(2), "--state-dir", state)
            try context.sync("virtualServers: []", "--state-dir", state)
            try expectEqual(try context.ipvsadmSave(), [])
        },
        Scenario("ownership: removals that look like a mistake are held") { context in
            try context.sync(Tables.configuration(30))
            let report = try context.sync(Tables.configuration(2), status: 6)
            try expectEqual(report["held"]?.number("virtualServers"), 28)
            try expectEqual(try context.ipvsadmSave(), Tables.saved(30))
            try context.sync(Tables.configuration(2), "--allow-mass-removal")
            try expectEqual(try context.ipvsadmSave(), Tables.saved(2))
        },
        Scenario("ownership: an invalid configuration changes nothing") { context in
            try context.sync(Tables.configuration(2))
            let path = try context.write("virtualServers:\n- {adress: 192.0.2.1:80}\n", to: "wrong.yaml")
            let result = try context.command("--once", "--config", path, status: 3)
            try expect(result.error.contains("\(path):2"), result.error)
            try expect(result.error.contains("address"), result.error)
            try expectEqual(try context.ipvsadmSave(), Tables.saved(2))
        },
        Scenario("ownership: a missing configuration changes nothing") { context in
            try context.sync(Tables.configuration(2))
            try context.command("--once", "--config", "\(context.directory)/missing.yaml", status: 3)
            try context.run(["mkdir", "\(context.directory)/empty"])
            try context.command("--once", "--config", "\(context.directory)/empty", status: 3)
            try expectEqual(try context.ipvsadmSave(), Tables.saved(2))
        },
    ]

    private static let foreign = [
        "-A -t 203.0.113.1:443 -s sh -p 120",
        "-a -t 203.0.113.1:443 -r 198.51.100.7:443 -g -w 3",
        "-A -f 77 -s lblcr",
    ]
}
