internal import ArgumentParser
internal import Checker
internal import Configuration
internal import Glibc
internal import HealthChecks
internal import LoadBalancing
internal import Presentation

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Make every check of real servers once, and change nothing.",
        discussion: """
            Each check is made as the agent makes it, by a process without rights.

            EXAMPLES:
              ipvsync check web.yaml
              ipvsync check --output json /etc/ipvsync \\
                  | jq '.checks[] | select(.result != "up")'

            \(HelpFile.help(.configuration))

            \(sample)

            \(ExitStatus.help([.failed, .invalidConfiguration], exits))
            """)

    private static let sample = HelpText.sample(
        """
        {"checks": [{"realServer": "198.51.100.1:80",
           "check": "tcp 198.51.100.1:80", "result": "down", "weight": null,
           "reason": "connection refused", "seconds": 0.002}]}
        """)

    private static let exits: [ExitStatus: String] = [
        .success: "every real server is up by all of its checks",
        .failed: "a real server is not up by one of its checks",
    ]

    @Argument(help: "YAML files or directories of them; \(ConfigurationOptions.standardPath) without any.")
    var paths: [String] = []

    @OptionGroup var output: OutputOptions

    /// What starts and ends the checker may take, beside the checks' own timeouts.
    private static let margin = Duration.seconds(20)

    func run() throws {
        Signals.ignoreBrokenPipes()
        try Failures.endWithStatus {
            let paths = paths.isEmpty ? [ConfigurationOptions.standardPath] : paths
            let subjects = try Configuration.load(paths: paths).checkSubjects
            let results = try subjects.isEmpty ? [:] : make(subjects)
            let view = CheckView(subjects.map { ($0, results[$0]) })
            output.print(view)
            if !view.areAllUp { throw ExitStatus.failed.code }
        }
    }

    /// Has each check made, the first attempts one timeout apart at most.
    private func make(_ subjects: Set<CheckSubject>) throws(CheckerError) -> [CheckSubject: CheckResult] {
        var originals: [CheckSubject: CheckSubject] = [:]
        for subject in subjects {
            var check = subject.check
            check.interval = max(check.timeout, .milliseconds(100))
            originals[CheckSubject(check, of: subject.realServer)] = subject
        }
        let longest = originals.keys.map(\.check.timeout).max() ?? .zero
        let deadline = ContinuousClock.now + longest * 2 + Self.margin
        let checker = try CheckerProcess()
        var results: [CheckSubject: CheckResult] = [:]
        var waiting = Set(originals.keys)
        checker.use(waiting, now: .now)
        while !waiting.isEmpty, ContinuousClock.now < deadline {
            var polled = pollfd(fd: checker.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&polled, 1, 100)
            for (subject, result) in checker.receive(now: .now) where waiting.remove(subject) != nil {
                if let original = originals[subject] { results[original] = result }
            }
        }
        if !waiting.isEmpty, let problem = checker.problem { StandardStreams.complain(problem) }
        return results
    }
}

extension Configuration {
    /// All that is checked.
    fileprivate var checkSubjects: Set<CheckSubject> {
        var subjects: Set<CheckSubject> = []
        for server in desired.virtualServers {
            guard let rules = health[server.key] else { continue }
            for realServer in server.realServers {
                for check in rules.checks(of: realServer.endpoint) {
                    subjects.insert(CheckSubject(check, of: realServer.endpoint))
                }
            }
        }
        return subjects
    }
}
