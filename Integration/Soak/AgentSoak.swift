import Glibc

/// The program itself for many changes: an API server and a directory of files before it, another writer beside it, and
/// an end without warning now and then.
final class AgentSoak {
    let random: SoakRandom
    let figures = SoakFigures()
    private let context: Context
    private let server: APIServerStandIn
    private let folder: String
    private var agent: RunningCommand
    private var model = AgentSoakTable()

    init(_ context: Context, seed: UInt64) throws(ScenarioFailure) {
        self.context = context
        random = SoakRandom(seed: seed)
        server = try APIServerStandIn(context)
        folder = "\(context.directory)/conf"
        guard mkdir(folder, 0o700) == 0 else { throw SystemCall.failure(folder) }
        try context.write("{removalGuard: off, syncInterval: 1s, virtualServers: []}\n", to: "conf/general.yaml")
        agent = try Self.start(context, server)
    }

    private static func start(
        _ context: Context, _ server: APIServerStandIn
    ) throws(ScenarioFailure) -> RunningCommand {
        try context.startIPVSync(
            "run", "--config", "\(context.directory)/conf", "--kubeconfig", server.kubeconfig, "--node", "n1")
    }

    /// Does what a service manager does: starts another one when one has ended for an invalid file at its start.
    private func keepRunning() throws(ScenarioFailure) {
        guard !agent.isRunning else { return }
        figures.count("start with an invalid file")
        let result = try agent.wait()
        try expect(result.status == .exited(3) && !result.error.contains(#""ready""#), result.description)
        agent = try Self.start(context, server)
    }

    // MARK: - Changes

    /// Changes one thing somewhere.
    func change() throws(ScenarioFailure) {
        try keepRunning()
        switch random.number(0...19) {
        case 0...5: try changeFile()
        case 6...8: changeService()
        case 9...13: changeEndpoints()
        case 14...15: try changeForeign()
        case 16...18: try interfere()
        default: try disturb()
        }
        usleep(UInt32(random.number(0...20_000)))
    }

    private func changeFile() throws(ScenarioFailure) {
        figures.count("change of a file")
        let number = random.number(0...7)
        let name = "conf/site-\(number).yaml"
        if random.happens(0.2) {
            model.files[name] = nil
            unlink("\(context.directory)/\(name)")
        } else {
            let site = AgentSoakTable.Site(
                "192.0.2.\(10 + number)", scheduler: random.one(of: ["rr", "wrr", "sh"]),
                random.some(of: Array(1...8), 0.5).map { ("198.51.100.\($0)", random.number(0...5)) })
            model.files[name] = site
            // Not all at once, as editors do.
            try context.write(site.configuration, to: random.happens(0.5) ? name : name + ".new")
            rename("\(context.directory)/\(name).new", "\(context.directory)/\(name)")
        }
    }

    private func changeService() {
        figures.count("change of a Service")
        let number = random.number(0...9)
        if random.happens(0.25), model.services[number] != nil {
            server.tell(#"{"delete":"services","name":"default/s\#(number)"}"#)
            model.services[number] = nil
        } else {
            model.services[number] = random.one(of: ["rr", "wrr", "sh"])
            server.setService("s\(number)", clusterIP: AgentSoakTable.clusterIP(number), model.services[number] ?? "rr")
        }
    }

    private func changeEndpoints() {
        figures.count("change of an EndpointSlice")
        let number = random.number(0...9)
        let endpoints = random.some(of: Array(1...8), 0.5).map { "10.1.\(number).\($0)" }
        model.endpoints[number] = endpoints
        server.setEndpoints(of: "s\(number)", endpoints)
    }

    private func changeForeign() throws(ScenarioFailure) {
        figures.count("change of a foreign virtual server")
        let address = "203.0.113.\(random.number(1...4)):80"
        if let present = model.foreign[address] {
            guard random.happens(0.6) else {
                model.foreign[address] = nil
                try context.ipvsadm("-D", "-t", address)
                return
            }
            let endpoint = "203.0.113.\(200 + present.count):80"
            model.foreign[address] = present + [endpoint]
            try context.ipvsadm("-a", "-t", address, "-r", endpoint, "-m")
        } else {
            model.foreign[address] = []
            try context.ipvsadm("-A", "-t", address, "-s", "lc")
        }
    }

    /// Edits what is the agent's. It may be too late for it.
    private func interfere() throws(ScenarioFailure) {
        let ours = model.ours
        guard !ours.isEmpty else { return }
        let site = random.one(of: ours)
        let address = ["-t", "\(site.address):80"]
        let server = site.servers.isEmpty ? "198.51.100.99" : random.one(of: site.servers).address
        let command = random.one(of: [
            ["-D"] + address, ["-E"] + address + ["-s", "dh"], ["-a"] + address + ["-r", "198.51.100.77:8080", "-m"],
            ["-d"] + address + ["-r", "\(server):8080"], ["-e"] + address + ["-r", "\(server):8080", "-m", "-w", "9"],
            ["-e"] + address + ["-r", "\(server):8080", "-i"],
        ])
        if try Command(["ipvsadm"] + command).run().succeeded { figures.count("edit of another writer") }
    }

    private func disturb() throws(ScenarioFailure) {
        let name = random.one(of: ["an invalid file", "a forgetful server", "a fault of the server", "SIGHUP"])
        figures.count(name)
        switch name {
        case "an invalid file":
            let path = try context.write("virtualServers: [{address: nonsense}]\n", to: "conf/broken.yaml")
            usleep(300_000)
            unlink(path)
        case "a forgetful server": server.tell(#"{"forget":true}"#)
        case "a fault of the server":
            server.tell(#"{"fault":"\#(random.one(of: ["cut", "500", "429", "error410"]))","count":1}"#)
        default: agent.send(SIGHUP)
        }
    }

    /// Kills the agent, at once or while it is at work, and starts another one.
    func restart() throws(ScenarioFailure) {
        figures.count("SIGKILL")
        for _ in 0..<random.number(0...3) { try change() }
        usleep(UInt32(random.number(0...300_000)))
        try keepRunning()
        agent.send(SIGKILL)
        try expectEqual(try agent.wait().status, .killed(signal: SIGKILL))
        // What happens while there is no agent is for the next one.
        for _ in 0..<random.number(0...3) { try changeFile() }
        changeService()
        agent = try Self.start(context, server)
    }

    // MARK: - Checks

    /// Waits until the kernel has what is declared and what is foreign.
    func settle() throws(ScenarioFailure) {
        figures.count("settle")
        try context.eventually("the agent is ready") { () throws(ScenarioFailure) in
            try keepRunning()
            return agent.error.contains(#""ready""#)
        }
        let wanted = model.saved
        try context.eventuallyTable(agent, wanted)
        figures.count("line that was checked", wanted.count)
    }

    /// What the agent holds of the machine, as it tells itself: the least of several looks, for a question that has been
    /// answered, or a watch that is begun anew, holds a descriptor for a moment.
    func usage() throws(ScenarioFailure) -> ProcessUsage {
        var least = try look()
        for _ in 0..<8 {
            usleep(150_000)
            let next = try look()
            if next.openDescriptors < least.openDescriptors { least = next }
        }
        return least
    }

    private func look() throws(ScenarioFailure) -> ProcessUsage {
        ProcessUsage(
            openDescriptors: try context.metric("process_open_fds"),
            memory: try context.metric("process_resident_memory_bytes"))
    }
}
