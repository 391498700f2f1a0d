import CSystem
import Glibc
import Testing

@testable import Programs

@Suite struct ProgramRunTests {
    private func shell(
        _ script: String, input: [UInt8] = [], timeLimit: Duration = .seconds(20), outputLimit: Int = 1 << 24
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

    @Test(arguments: ["sleep 60", "exec >&- 2>&-; sleep 60", "sleep 60 & exit 0", "trap '' TERM; cat; sleep 60"])
    func slowPrograms(_ script: String) {
        let start = ContinuousClock.now
        #expect(throws: ProgramFailure.late) {
            try shell(script, input: [UInt8](repeating: 0, count: 100), timeLimit: .milliseconds(300))
        }
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func nothingOfOursReachesTheProgram() throws {
        setenv("IPVSYNC_SECRET", "x", 1)
        let variables = try shell("env").output.split(separator: UInt8(ascii: "\n"))
        let names = variables.map { String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self) }
        #expect(Set(names).subtracting(["PWD", "OLDPWD", "SHLVL", "_"]) == ["PATH", "LC_ALL"])
        let signals = String(decoding: try shell("grep -E 'Sig(Blk|Ign)' /proc/self/status").output, as: UTF8.self)
        // The C library keeps signals 32 and 33 for itself, and ignored in what it spawns.
        #expect(signals.contains(#/^SigBlk:\t0{16}\nSigIgn:\t0000000[01][08]0000000\n$/#))
    }

    @Test func descriptorsOfOursAreClosed() throws {
        let listing = String(decoding: try shell("exec ls /proc/self/fd").output, as: UTF8.self)
        // Those of others in this process may not be closed at exec; ours come and go with each run.
        let before = listing.split(separator: "\n").count
        for _ in 0..<20 {
            let again = String(decoding: try shell("exec ls /proc/self/fd").output, as: UTF8.self)
            #expect(again.split(separator: "\n").count <= before + 2)
        }
    }

    @Test func aProgramThatIsNotThere() {
        #expect(throws: ProgramFailure("cannot be run", ENOENT)) {
            try ProgramRun("/nowhere/nft", [], timeLimit: .seconds(1), outputLimit: 1).run()
        }
    }
}
