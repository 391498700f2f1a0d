import Glibc

extension Scenario {
    /// What the other scenarios rely on: that failures are failures, and that each scenario is alone.
    static let harness: [Scenario] = [
        Scenario(
            "harness: a broken expectation fails with its place", tags: [.harness],
            ending: .failure(mentioning: ": answer is 41, not 42")
        ) { _ in
            try expectEqual(41, 42, "answer")
        },
        Scenario(
            "harness: lines that differ are shown", tags: [.harness], ending: .failure(mentioning: "- b\n+ c\n  d")
        ) { _ in
            try expectEqual("a\nc\nd", "a\nb\nd")
        },
        Scenario(
            "harness: a failed command fails with its words", tags: [.harness],
            ending: .failure(mentioning: ": exit status 2\nls: ")
        ) { context in
            try context.run(["ls", "\(context.directory)/missing"], environment: ["LC_ALL": "C"])
        },
        Scenario(
            "harness: a crash is a failure", tags: [.harness], ending: .failure(mentioning: "killed by signal 6")
        ) { _ in
            abort()
        },
        Scenario(
            "harness: a scenario has a time limit", tags: [.harness], timeLimit: .seconds(1),
            ending: .failure(mentioning: "no end after 1.0 seconds\n")
        ) { _ in
            sleep(1000)
        },
        Scenario(
            "harness: a command has a time limit", tags: [.harness], ending: .failure(mentioning: "no end after 0.2")
        ) { context in
            try context.run(["sleep", "100"], timeLimit: .milliseconds(200))
        },
        Scenario(
            "harness: a missing program is a failure", tags: [.harness],
            ending: .failure(mentioning: "No such file or directory")
        ) { context in
            try context.run(["no-such-program"])
        },
        Scenario("harness: commands get their input, variables and status", tags: [.harness]) { context in
            let script = "cat; echo \"$WORD\" >&2; exit 3"
            let result = try Command(["sh", "-c", script], environment: ["WORD": "hello"], input: "in").run()
            try expectEqual(result.status, .exited(3))
            try expectEqual(result.output, "in")
            try expectEqual(result.error, "hello\n")
        },
        Scenario("harness: a command can run beside the scenario", tags: [.harness]) { context in
            let command = try Command([
                "sh", "-c", "trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.1; done",
            ])
            .start()
            try command.waitForText("up")
            try expect(command.isRunning, "it ended")
            command.send(SIGTERM)
            let result = try command.wait()
            try expectEqual(result.status, .exited(4))
            try expectEqual(result.outputLines, ["up", "bye"])
        },
        Scenario("harness: only lo, up, in a new namespace", tags: [.harness]) { context in
            let links = try context.run(["ip", "-oneline", "link", "show", "up"]).outputLines
            try expectEqual(links.count, 1, "number of links")
            try expect(links[0].contains(" lo: "), links[0])
        },
    ]
}
