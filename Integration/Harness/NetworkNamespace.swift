import Glibc

/// A network namespace made for one scenario, with nothing in it but `lo`, up.
struct NetworkNamespace {
    let name: String

    /// - Parameter number: Tells the namespaces of this process apart.
    init(number: Int) throws(ScenarioFailure) {
        name = "ipvsync-test-\(getpid())-\(number)"
        try ip(["netns", "add", name])
        try ip(["-netns", name, "link", "set", "lo", "up"])
    }

    /// The command that runs a command inside. Namespaces are entered by process.
    func entering(_ arguments: [String]) -> [String] { ["ip", "netns", "exec", name] + arguments }

    /// Kills what still runs inside, all of it started by the scenario, and removes the namespace.
    func remove() throws(ScenarioFailure) {
        for process in try ip(["netns", "pids", name]).outputLines {
            if let identifier = pid_t(process) {
                kill(identifier, SIGKILL)
            }
        }
        try ip(["netns", "delete", name])
    }

    @discardableResult
    private func ip(_ arguments: [String]) throws(ScenarioFailure) -> CommandResult {
        let result = try Command(["ip"] + arguments).run()
        guard result.succeeded else { throw ScenarioFailure(result.description) }
        return result
    }
}
