import Configuration
import LoadBalancing

/// The configuration files of a soak: a few virtual servers that come, change and go, and general settings.
final class SoakFiles {
    private let random: SoakRandom
    private var servers: [Int: String] = [:]
    private var drainTimeout = 40
    private var timeouts = ""
    private var scheduler = "rr"
    private var nodePorts = ""
    /// What was valid last.
    private(set) var configuration = Configuration(desired: DesiredState())

    /// No drain may last longer.
    static let longestDrain = 60
    private static let schedulers = ["rr", "wrr", "lc", "wlc", "sh", "mh", "dh", "sed", "nq"]
    private static let slots = 12

    init(random: SoakRandom) throws(ScenarioFailure) {
        self.random = random
        servers[0] = site
        try parse()
    }

    /// Changes one thing.
    func change() throws(ScenarioFailure) {
        switch random.number(0...19) {
        case 0: drainTimeout = random.one(of: [0, 5, 40, Self.longestDrain])
        case 1: timeouts = random.one(of: ["", "timeouts: {tcp: \(random.number(600...900)), udp: 100}\n"])
        case 2: scheduler = random.one(of: Self.schedulers)
        case 3: nodePorts = random.one(of: ["", ", nodePortAddresses: primary", ", nodePortAddresses: [192.0.2.0/24]"])
        case 4...7: servers[0] = random.happens(0.9) ? site : nil
        default:
            let slot = random.number(1...(Self.slots - 1))
            servers[slot] = random.happens(0.75) ? server(slot) : nil
        }
        try parse()
    }

    /// Edits the files so that they are invalid: that may not count as a change.
    func expectInvalid() throws(ScenarioFailure) {
        let text = text
        let broken = random.one(of: [
            "", "# nothing\n", "virtualServers: [{address: nonsense}]\n", text + "virtualServers: []\n",
            text.replacing("virtualServers:", with: "virtualServer:"), text + "\u{1}",
            String(text.prefix(text.count - random.number(2...max(2, text.count / 3)))),
        ])
        do throws(ConfigurationErrors) {
            _ = try Configuration.parse(broken, file: "soak.yaml")
        } catch {
            return
        }
        throw ScenarioFailure("this was taken for a configuration:\n\(broken)")
    }

    private func parse() throws(ScenarioFailure) {
        do throws(ConfigurationErrors) {
            configuration = try Configuration.parse(text, file: "soak.yaml")
        } catch {
            throw ScenarioFailure("\(error)\n\(text)")
        }
    }

    private var text: String {
        "removalGuard: off\ndrainTimeout: \(drainTimeout)s\n\(timeouts)services: {scheduler: \(scheduler)\(nodePorts)}\n"
            + "virtualServers: [\(servers.sorted { $0.key < $1.key }.map(\.value).joined(separator: ",\n"))]\n"
    }

    // MARK: - Virtual servers

    /// The one that has connections.
    private var site: String {
        let chosen = random.some(of: SoakConnections.realAddresses, 0.6)
        let list = (chosen.isEmpty ? [SoakConnections.realAddresses[0]] : chosen).map { "\"\($0):8080\"" }
        return "{address: \"\(SoakConnections.virtualAddress):80\", scheduler: rr, "
            + "realServers: [\(list.joined(separator: ", "))]}"
    }

    private func server(_ slot: Int) -> String {
        let isIPv6 = slot % 3 == 2
        let isMark = slot >= Self.slots - 3
        var fields = [isMark ? "firewallMark: \(slot)\(isIPv6 ? ", family: ipv6" : "")" : address(slot, isIPv6: isIPv6)]
        fields.append("scheduler: \(random.one(of: Self.schedulers))")
        if random.happens(0.3) {
            fields.append("persistence: \(random.one(of: ["1h", "{timeout: 5m, granularity: 24}", "off"]))")
        }
        if random.happens(0.3) { fields.append("drainTimeout: \(random.one(of: [0, 20, Self.longestDrain]))s") }
        if slot % 4 == 2, !isMark { fields.append("onePacket: \(random.happens(0.5))") }
        let forwarding = random.one(of: ["masquerade", "masquerade", "direct", "tunnel"])
        fields.append("forwarding: \(forwarding)")
        let port = isMark ? 0 : forwarding == "masquerade" ? random.one(of: [80 + slot, 8080]) : 80 + slot
        let list = random.some(of: Array(1...6), 0.5).map { realServer($0, port, isIPv6: isIPv6, forwarding) }
        fields.append("realServers: [\(list.joined(separator: ", "))]")
        return "{\(fields.joined(separator: ", "))}"
    }

    private func address(_ slot: Int, isIPv6: Bool) -> String {
        // A Service may want the first of them too: what files declare goes before it.
        let host = slot == 1 ? "10.96.0.1" : isIPv6 ? "[2001:db8:1::\(slot)]" : "192.0.2.\(10 + slot)"
        return "address: \"\(["tcp", "tcp", "udp", "sctp"][slot % 4]) \(host):\(80 + slot)\""
    }

    private func realServer(_ number: Int, _ port: Int, isIPv6: Bool, _ forwarding: String) -> String {
        let address = isIPv6 ? "[2001:db8:2::\(number)]:\(port)" : "198.51.100.\(50 + number):\(port)"
        var text = "{address: \"\(address)\", weight: \(random.number(0...5))"
        if random.happens(0.2) { text += ", upperThreshold: 100, lowerThreshold: \(random.one(of: [0, 50]))" }
        if forwarding == "tunnel", random.happens(0.4) {
            text += ", tunnel: {type: gue, port: 6080, checksum: \(random.one(of: ["csum", "remcsum"]))}"
        }
        return text + "}"
    }
}
