import Documents
import Glibc
import Programs
import TestSupport
import Testing

/// The ipvsync that was built with these tests.
enum Program {
    static let path = BuiltProgram.path("ipvsync")

    /// What a run has left.
    struct Outcome {
        let arguments: [String]
        let result: ProgramResult

        var status: Int32 { result.status & 0x7F == 0 ? result.status >> 8 & 0xFF : -(result.status & 0x7F) }
        var output: String { String(decoding: result.output, as: UTF8.self) }
        var error: String { String(decoding: result.error, as: UTF8.self) }
    }

    static func run(_ arguments: [String]) async throws -> Outcome {
        Outcome(arguments: arguments, result: try await result(path, arguments))
    }

    /// Runs it on a terminal of its own (`script` of util-linux), both streams on the same.
    static func runOnTerminal(_ arguments: [String]) async throws -> Outcome {
        let words = ([path] + arguments).map { "'" + $0.split(separator: "'").joined(separator: "'\\''") + "'" }
        return Outcome(
            arguments: arguments,
            result: try await result("/usr/bin/script", ["-qec", words.joined(separator: " "), "/dev/null"]))
    }

    /// Waits on a thread of its own: those of the other tests are few.
    private static func result(_ path: String, _ arguments: [String]) async throws -> ProgramResult {
        try await withCheckedThrowingContinuation { continuation in
            let wait = Unmanaged.passRetained(Wait(path, arguments, continuation))
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { context in
                    if let context { Unmanaged<Wait>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, wait.toOpaque())
            if code == 0 { pthread_detach(thread) } else { wait.takeRetainedValue().run() }
        }
    }

    private final class Wait {
        private let path: String
        private let arguments: [String]
        private let continuation: CheckedContinuation<ProgramResult, any Error>

        init(_ path: String, _ arguments: [String], _ continuation: CheckedContinuation<ProgramResult, any Error>) {
            self.path = path
            self.arguments = arguments
            self.continuation = continuation
        }

        func run() {
            do {
                let run = ProgramRun(path, arguments, timeLimit: .seconds(600), outputLimit: 64 << 20)
                continuation.resume(returning: try run.run())
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}

/// A command as the program describes itself.
struct CommandDescription {
    /// `migrate kube-proxy`; empty for the program itself.
    let path: [String]
    /// The options that take a value, as they are written.
    let options: [String]
    let takesArgument: Bool
    let isLeaf: Bool
    let isDisplayed: Bool
    let abstract: String
    let discussion: String

    /// The section with what `--output json` prints.
    var sample: String {
        let lines = discussion.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.drop { $0 != "SAMPLE OF --output json:" }.prefix { !$0.isEmpty }.joined(separator: "\n")
    }

    /// Every command of the program, so that none is forgotten.
    static func all() async throws -> [CommandDescription] {
        let text = try await Program.run(["--experimental-dump-help"]).output
        let root = try #require(try Document(json: Array(text.utf8))["command"])
        return collect(root, [])
    }

    private static func collect(_ command: Document, _ path: [String]) -> [CommandDescription] {
        let arguments = command["arguments"]?.elements ?? []
        let subcommands = (command["subcommands"]?.elements ?? []).filter { $0["commandName"]?.string != "help" }
        let own = CommandDescription(
            path: path,
            options: arguments.filter { $0["kind"]?.string == "option" }.compactMap { argument in
                argument["preferredName"]?["name"]?.string.map { $0.count == 1 ? "-\($0)" : "--\($0)" }
            },
            takesArgument: arguments.contains { $0["kind"]?.string == "positional" }, isLeaf: subcommands.isEmpty,
            isDisplayed: command["shouldDisplay"]?.flag ?? true, abstract: command["abstract"]?.string ?? "",
            discussion: command["discussion"]?.string ?? "")
        return [own]
            + subcommands.flatMap { command in
                collect(command, path + [command["commandName"]?.string ?? "?"])
            }
    }
}
