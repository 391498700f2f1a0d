extension Scenario {
    /// The independent witness, and that every scenario has tables of its own.
    static let ipvsadm: [Scenario] = [
        Scenario("ipvsadm: the table is empty at first") { context in
            try expectEqual(try context.ipvsadmSave(), [])
            try context.ipvsadm("-A", "-t", "192.0.2.1:80", "-s", "rr")
        },
        Scenario("ipvsadm: the table is empty after another scenario") { context in
            try expectEqual(try context.ipvsadmSave(), [])
        },
        Scenario("ipvsadm: restores a saved table") { context in
            let table = [
                "-A -t 192.0.2.1:80 -s wrr",
                "-A -u [2001:db8::1]:53 -s sh -p 300",
                "-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 3",
                "-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g -w 1",
            ]
            try context.ipvsadm("-R", input: table.joined(separator: "\n") + "\n")
            try expectEqual(try context.ipvsadmSave(), table)
        },
        Scenario("ipvsadm: every scheduler loads") { context in
            for scheduler in ["dh", "fo", "lblc", "lblcr", "lc", "mh", "nq", "ovf", "rr", "sed", "sh", "wlc", "wrr"] {
                try context.ipvsadm("-A", "-f", "1", "-s", scheduler)
                try context.ipvsadm("-D", "-f", "1")
            }
        },
        Scenario("ipvsadm: the scheduler twos loads", tags: [.twos]) { context in
            try context.ipvsadm("-A", "-f", "1", "-s", "twos")
        },
    ]
}
