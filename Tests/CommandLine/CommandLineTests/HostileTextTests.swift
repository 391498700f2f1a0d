import Programs
import TestSupport
import Testing

/// Every command meets hostile names, annotations, messages, files and arguments, in every form of its output: each byte
/// that reaches a terminal or a log is looked at.
@Suite(.serialized) struct HostileTextTests {
    private func check(_ outcome: Program.Outcome) {
        for bytes in [outcome.result.output, outcome.result.error] {
            let fault = TerminalBytes.fault(in: bytes)
            #expect(
                fault == nil, "\(fault ?? "") of \(outcome.arguments.map(\.debugDescription).joined(separator: " "))")
        }
        #expect(outcome.status >= 0, "\(outcome.arguments) ended by signal \(-outcome.status)")
    }

    /// Runs a call, once more for each other form of what it puts out.
    private func run(_ arguments: [String], _ command: CommandDescription) async throws -> [Program.Outcome] {
        let outcome = try await Program.run(arguments)
        guard command.options.contains("--output"), !outcome.output.isEmpty else { return [outcome] }
        return [
            outcome, try await Program.run(arguments + ["--output", "json"]),
            try await Program.run(arguments + ["--output", "yaml"]),
        ]
    }

    @Test func noCommandLetsAHostileByteThrough() async throws {
        let site = try HostileSite()
        let calls = try site.calls()
        let commands = try await CommandDescription.all().filter(\.isLeaf)
        #expect(commands.count >= 18)
        #expect(
            Set(commands.map { $0.path.joined(separator: " ") }) == Set(calls.keys), "a command has no hostile calls")
        for command in commands {
            let name = command.path.joined(separator: " ")
            var shown = false
            for call in calls[name] ?? [] {
                for outcome in try await run(command.path + call, command) {
                    check(outcome)
                    let all = outcome.output + outcome.error
                    shown = shown || ["\\u{1B}", "\\u001b", "\\x1b"].contains { all.contains($0) }
                }
            }
            if HostileSite.showing.contains(name) { #expect(shown, "\(name) has shown nothing hostile") }
        }
    }

    @Test func noArgumentComesBackAsItIs() async throws {
        let site = try HostileSite()
        for command in try await CommandDescription.all() {
            let name = command.path.joined(separator: " ")
            let restraint = try site.restraint(name)
            // What is wrong usage ends a command before anything else.
            check(try await Program.run(command.path + restraint + ["--\(TerminalBytes.hostile)"]))
            check(try await Program.run(command.path + restraint + ["--help"]))
            guard command.isLeaf else {
                check(
                    try await Program.run(
                        command.path + [TerminalBytes.hostile, TerminalBytes.hostile, TerminalBytes.hostile]))
                continue
            }
            for option in command.options {
                check(try await Program.run(command.path + restraint + [option, TerminalBytes.hostile]))
            }
            if command.takesArgument {
                check(try await Program.run(command.path + restraint + [TerminalBytes.hostile]))
            }
        }
    }

    @Test func coloursAreOursAlone() async throws {
        let site = try HostileSite()
        let calls = try site.calls()
        var coloured = 0
        for name in ["plan", "status", "explain", "doctor"] {
            for call in calls[name]?.suffix(4) ?? [] {
                let outcome = try await Program.runOnTerminal(name.split(separator: " ").map(String.init) + call)
                let fault = TerminalBytes.fault(in: outcome.result.output, isTerminal: true)
                #expect(fault == nil, "\(fault ?? "") of \(outcome.arguments)")
                coloured += outcome.output.contains("\u{1B}[") ? 1 : 0
            }
        }
        #expect(coloured > 0)
    }

    /// The cases that were seen with an earlier version, line by line.
    @Test func oneTextIsOneLine() async throws {
        let site = try HostileSite()
        for call in try site.calls()["validate"] ?? [] {
            let outcome = try await Program.run(["validate"] + call)
            for line in (outcome.output + outcome.error).split(separator: "\n") {
                #expect(line.hasPrefix("ipvsync: ") || line.hasPrefix("The configuration is valid: "), "\(line)")
                #expect(!line.hasPrefix("ipvsync: forged") && !line.hasPrefix("ipvsync: ipvsync:"))
            }
        }
    }

    @Test func aFIFOIsRefusedAtOnce() async throws {
        let site = try HostileSite()
        for name in ["fifo.yaml", "conf.d"] {
            let outcome = try await Program.run(["validate", "--config", try site.path(name)])
            #expect(outcome.status == 3)
            #expect(outcome.error.contains("it is a FIFO, and no regular file"), "\(outcome.error)")
        }
    }
}
