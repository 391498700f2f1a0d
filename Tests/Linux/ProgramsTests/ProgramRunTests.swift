import CSystem
import Glibc
import Testing

@testable import Programs

@Suite struct ProgramRunTests {
    private func shell(
        _ script: String, input: [UInt8] = [], timeLimit: Duration = .seconds(600), outputLimit: Int = 1 << 24
    ) throws(ProgramFailure) -> ProgramResult {
        try ProgramRun(
            "/bin/sh", ["-c", script], input: input, timeLimit: timeLimit, outputLimit: outputLimit
        ).run()
    }

    @Test func outputErrorAndStatus() throws {
        let result = try shell("echo out; echo err >&2; exit 3")
        #expect(result.output == Array("out\n".utf8))
        #expect(result.errorText == "err")
        #expect(result.ending == "ended with status 3")
        #expect(!result.succeeded)
        #expect(try shell("kill -9 $$").ending == "was ended by signal 9")
        #expect(try shell("true").succeeded)
    }

    @Test func openFilesLimitIsRaisedButNotForPrograms() throws {
        var limit = rlimit()
        #expect(csystem_limit_open_files(0, nil, &limit) == 0)
        limit.rlim_cur = limit.rlim_max - 1
        #expect(csystem_limit_open_files(0, &limit, nil) == 0)
        #expect(OpenFilesLimit.raise() == Int(limit.rlim_max))
        #expect(OpenFilesLimit.raise() == Int(limit.rlim_max))
        // It is asked for once there is input: the program has its limit by then.
        let result = try shell("read line; ulimit -S -n; ulimit -H -n", input: Array("go\n".utf8))
        #expect(result.output == Array("\(limit.rlim_max - 1)\n\(limit.rlim_max)\n".utf8))
    }

    @Test func muchInputAndOutputAtTheSameTime() throws {
        let input = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try shell("cat", input: input).output == input)
    }

    @Test func inputThatNobodyReads() throws {
        let input = [UInt8](repeating: 65, count: 1_000_000)
        #expect(try shell("exec <&-; exit 4", input: input).ending == "ended with status 4")
        #expect(try shell("head -c 1", input: input).output == [65])
    }

    @Test func longErrorsAreCut() throws {
        let result = try shell("head -c 1000000 /dev/zero >&2; echo end")
        #expect(result.error.count == 64 << 10)
        #expect(result.output == Array("end\n".utf8))
    }

    @Test func tooMuchOutput() {
        #expect(throws: ProgramFailure("killed, for it wrote more than 1000 bytes")) {
            try shell("cat /dev/zero", outputLimit: 1_000)
        }
    }

    /// What sleeps does so for ever: that this ends at all shows that the time limit ended it.
    @Test(
        .timeLimit(.minutes(15)),
        arguments: [
            "sleep infinity", "exec >&- 2>&-; sleep infinity", "sleep infinity & exit 0",
            "trap '' TERM; cat; sleep infinity",
        ])
    func slowPrograms(_ script: String) {
        #expect(throws: ProgramFailure.late) {
            try shell(script, input: [UInt8](repeating: 0, count: 100), timeLimit: .milliseconds(300))
        }
    }

    /// Whatever a library opened, and without asking for it to be closed at `exec`.
    @Test func noDescriptorReachesTheProgram() throws {
        var opened: [Int32] = []
        for _ in 0..<20 { opened.append(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)) }
        opened.append(dup2(opened[0], 700))
        defer { for descriptor in opened { close(descriptor) } }
        #expect(opened.allSatisfy { $0 >= 0 && fcntl($0, F_GETFD) == 0 })
        // The shell itself lists them: 3 is the directory that it reads.
        let result = try shell("for each in /proc/$$/fd/*; do echo ${each##*/}; done")
        let numbers = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        #expect(numbers == ["0", "1", "2", "3"])
    }

    @Test func nothingOfOursReachesTheProgram() throws {
        // To set one here would race with the tests that read theirs meanwhile.
        #expect(getenv("HOME") != nil || getenv("USER") != nil || getenv("PWD") != nil)
        let variables = try shell("env").output.split(separator: UInt8(ascii: "\n"))
        let names = variables.map { String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self) }
        #expect(Set(names).subtracting(["PWD", "OLDPWD", "SHLVL", "_"]) == ["PATH", "LC_ALL"])
        let signals = String(decoding: try shell("grep -E 'Sig(Blk|Ign)' /proc/self/status").output, as: UTF8.self)
        // The C library keeps signals 32 and 33 for itself, and ignored in what it spawns.
        #expect(signals.contains(#/^SigBlk:\t0{16}\nSigIgn:\t0000000[01][08]0000000\n$/#))
    }

    @Test func descriptorsOfOursAreClosed() async {
        // In a process of its own: the other tests open and close descriptors meanwhile.
        await #expect(processExitsWith: .success) {
            func listing() throws -> [UInt8] {
                try ProgramRun(
                    "/bin/sh", ["-c", "exec ls /proc/self/fd"], timeLimit: .seconds(600), outputLimit: 1 << 20
                ).run().output
            }
            let before = try listing()
            for _ in 0..<20 { #expect(try listing() == before) }
        }
    }

    @Test func aProgramThatIsNotThere() {
        #expect(throws: ProgramFailure("cannot be run", ENOENT)) {
            try ProgramRun("/nowhere/nft", [], timeLimit: .seconds(1), outputLimit: 1).run()
        }
    }
}
