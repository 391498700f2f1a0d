import Agent
import Documents
import Glibc
import IPVS
import LoadBalancing
import Netlink

extension Scenario {
    /// Whatever happens, the table stays usable and the next run makes it right.
    static let faults: [Scenario] = [
        Scenario("faults: killed anywhere, one run makes it right", tags: [.slow]) {
            context in
            let path = try context.write(Tables.configuration(1_000), to: "table.yaml")
            let empty = try context.write("virtualServers: []", to: "empty.yaml")
            let state = "\(context.directory)/state"
            let arguments = ["--once", "--quiet", "--state-dir", state, "--config"]
            // As long as a whole run takes now.
            let whole = try ContinuousClock().measure { try context.run([context.ipvsync] + arguments + [path]) }
            try context.run([context.ipvsync] + arguments + [empty, "--allow-mass-removal"])
            var interrupted = 0
            for attempt in 0..<50 {
                let run = try context.startIPVSync("--once", "--quiet", "--config", path, "--state-dir", state)
                usleep(UInt32.random(in: 1_000...UInt32(max(whole / .microseconds(1), 2_000))))
                run.send(SIGKILL)
                if try run.wait().status == .killed(signal: SIGKILL) { interrupted += 1 }
                // Every second time begin anew, so that kills meet additions early and late.
                if attempt % 2 == 1 {
                    try context.command(
                        "--once", "--quiet", "--config", empty, "--state-dir", state, "--allow-mass-removal")
                    try expectEqual(try context.ipvsadmSave(), [])
                }
            }
            try expect(interrupted >= 10, "only \(interrupted) of 50 runs were killed in time")
            try context.command("--once", "--quiet", "--config", path, "--state-dir", state)
            try expectEqual(try context.ipvsadmSave(), Tables.saved(1_000))
            let ledger = try context.run(["sh", "-c", "cat \(state)/ledger-*"]).outputLines
            try expectEqual(ledger.count { $0.hasPrefix("own\ttcp 10.96.") }, 1_000, "owned virtual servers")
            try expectEqual(ledger.last, "end\t1000")
        },
        Scenario("faults: another writer during the run", tags: [.slow]) { context in
            let path = try context.write(Tables.configuration(200), to: "table.yaml")
            let script = """
                while :; do
                    ipvsadm -D -t 10.96.0.7:80; ipvsadm -A -t 10.96.0.7:80 -s sh
                    ipvsadm -d -t 10.96.0.9:80 -r 10.244.0.81:8080; ipvsadm -a -t 10.96.0.9:80 -r 192.0.2.200:9 -m
                    ipvsadm -A -t 203.0.113.5:80 -s rr
                done
                """
            let writer = try Command(["sh", "-c", script]).start()
            for weight in 1...15 {
                try context.write(Tables.configuration(200, weight: weight), to: "table.yaml")
                // With a writer that never rests a run may end with an error, but never with a broken table.
                let result = try context.runIPVSync("--once", "--quiet", "--config", path)
                try expect([.exited(0), .exited(1)].contains(result.status), result.description)
            }
            writer.send(SIGKILL)
            _ = try writer.wait()
            try context.command("--once", "--quiet", "--config", path)
            try expectEqual(
                try context.ipvsadmSave(), (Tables.saved(200, weight: 15) + ["-A -t 203.0.113.5:80 -s rr"]).sorted())
        },
        Scenario("faults: two runs at once wait for each other") { context in
            let path = try context.write(Tables.configuration(300), to: "table.yaml")
            let first = try context.startIPVSync("--once", "--quiet", "--config", path)
            let second = try context.startIPVSync("--once", "--quiet", "--config", path)
            try expectEqual(try first.wait().status, .exited(0))
            try expectEqual(try second.wait().status, .exited(0))
            try expectEqual(try context.ipvsadmSave(), Tables.saved(300))
        },
        Scenario("faults: a scheduler that the kernel does not have") { context in
            let configuration = """
                virtualServers:
                - {address: 192.0.2.1:80, scheduler: nosuch, realServers: [198.51.100.1, 198.51.100.2]}
                - {address: 192.0.2.2:80, scheduler: rr, realServers: [198.51.100.1]}
                """
            let report = try context.sync(configuration, status: 1)
            try expectEqual(report.count("failures"), 1)
            let message = report["failures"]?.sequence?.first?["message"]?.scalar?.text ?? ""
            try expect(message.contains("modprobe ip_vs_nosuch"), message)
            try expectEqual(try context.ipvsadmSave().count, 2)
        },
        Scenario("faults: without CAP_NET_ADMIN") { context in
            let command = Command(
                [
                    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", context.ipvsync, "plan", "--config",
                    "-",
                ],
                input: Tables.configuration(1))
            let result = try command.run()
            try expectEqual(result.status, .exited(4), result.description)
            try expect(result.error.contains("CAP_NET_ADMIN"), result.error)
        },
        Scenario("faults: answers that do not fit the receive queue are lost, not misread") { context in
            try context.ipvsadm("-A", "-t", "192.0.2.1:80", "-s", "rr")
            let client = IPVSClient(
                transport: try GenericNetlinkSocket(receiveBufferSize: 2_048),
                family: try GenericNetlinkSocket.resolveFamily(IPVSClient.familyName))
            let key = try require(VirtualServerKey("tcp 192.0.2.1:80"), "no key")
            let refused = [TableOperation](repeating: .addVirtualServer(VirtualServer(key)), count: 500)
            do {
                _ = try client.apply(refused)
                throw ScenarioFailure("500 answers fitted into 2 KiB")
            } catch let error as NetlinkError {
                try expectEqual(error.kind, .answersLost)
            }
            try expectEqual(try client.state().virtualServers.map(\.key), [key], "the table by the same client")
            try expectEqual(try client.apply([refused[0]]).map(\.errno), [EEXIST])
        },
        Scenario("faults: a full disk keeps everything as it is") { context in
            try context.sync(Tables.configuration(2))
            let state = "\(context.directory)/full"
            try context.run(["mkdir", state])
            try context.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=0700", "none", state])
            try context.run(["sh", "-c", "dd if=/dev/zero of=\(state)/filler bs=1k count=4 2>/dev/null; true"])
            defer { umount(state) }
            let path = try context.write(Tables.configuration(5), to: "more.yaml")
            let result = try context.command("--once", "--config", path, "--state-dir", state, status: 1)
            try expect(result.error.contains("No space left on device"), result.error)
            try expectEqual(try context.ipvsadmSave(), Tables.saved(2))
        },
        Scenario("faults: a kernel without IPVS", tags: [.guest]) { context in
            try context.write("", to: "nothing")
            let modprobe = try context.run(["cat", "/proc/sys/kernel/modprobe"]).output
            try context.run(["sh", "-c", "echo /bin/false >/proc/sys/kernel/modprobe"])
            defer {
                _ = try? Command(["sh", "-c", "printf %s '\(modprobe)' >/proc/sys/kernel/modprobe; modprobe ip_vs"])
                    .run()
            }
            try context.run(["sh", "-c", "rmmod $(lsmod | awk '/^ip_vs_/ {print $1}'); rmmod ip_vs"])
            let path = try context.write(Tables.configuration(1), to: "table.yaml")
            for arguments in [
                ["--once", "--config", path], ["plan", "--config", path], ["show"], ["cleanup"], ["zero"],
            ] {
                let result = try Command([context.ipvsync] + arguments).run()
                try expectEqual(result.status, .exited(5), result.description)
                try expect(result.error.contains("modprobe ip_vs"), result.error)
            }
            let doctor = try Command([context.ipvsync, "doctor"]).run()
            try expectEqual(doctor.status, .exited(1))
            try expect(doctor.output.contains("fix: modprobe ip_vs"), doctor.output)
        },
    ]
}
