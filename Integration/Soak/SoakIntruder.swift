import IPVS
import LoadBalancing
import Netlink

/// Another program that writes the same tables, as it likes.
final class SoakIntruder {
    private let client: IPVSClient
    private let random: SoakRandom
    private let figures: SoakFigures
    /// What it made that is nobody else's: it has to stay as it is.
    private(set) var foreign: [VirtualServerKey: DesiredVirtualServer] = [:]

    /// Addresses that no source of the agent ever declares.
    private static let ownKeys = (1...5).flatMap { number in
        ["tcp 203.0.113.\(number):80", "udp [2001:db8:f::\(number)]:53", "fwmark \(100 + number)"]
            .compactMap { VirtualServerKey($0) }
    }

    init(random: SoakRandom, figures: SoakFigures) throws(ScenarioFailure) {
        do throws(NetlinkError) {
            client = try IPVSClient()
        } catch {
            throw ScenarioFailure("the other writer: \(error)")
        }
        self.random = random
        self.figures = figures
    }

    /// Does one thing. It may be too late for it, for the agent writes too.
    func act() {
        do throws(NetlinkError) {
            if random.happens(0.2) { return try changeForeign() }
            guard let server = try victim() else { return }
            let operation = try operation(on: server)
            guard let operation, try client.apply([operation.1]).isEmpty else { return }
            figures.count("other writer: \(operation.0)")
        } catch {
            // It has no faults of its own: whatever this is, the next check tells.
            figures.count("other writer: failed with \(error.kind)")
        }
    }

    /// Adds a virtual server that the agent has declared at other times and does not declare now.
    func occupy(_ key: VirtualServerKey) throws(ScenarioFailure) {
        let server = DesiredVirtualServer(VirtualServer(key, scheduler: Scheduler("lc")))
        do throws(NetlinkError) {
            guard try client.apply([.addVirtualServer(server.virtualServer)]).isEmpty else { return }
        } catch {
            throw ScenarioFailure("the other writer: \(error)")
        }
        foreign[key] = server
        figures.count("other writer: took an address that was free")
    }

    /// Takes note that the agent wants that virtual server, and so takes it over.
    func cede(_ key: VirtualServerKey) -> Bool { foreign.removeValue(forKey: key) != nil }

    /// Takes note that the agent has not taken it over after all.
    func retain(_ server: DesiredVirtualServer) { foreign[server.key] = server }

    // MARK: - What is foreign

    private func changeForeign() throws(NetlinkError) {
        let key = random.one(of: Self.ownKeys)
        guard let present = foreign[key] else {
            let server = VirtualServer(key, scheduler: Scheduler(random.one(of: ["rr", "lc", "sh"])))
            guard try client.apply([.addVirtualServer(server)]).isEmpty else { return }
            foreign[key] = DesiredVirtualServer(server)
            return figures.count("other writer: added one of its own")
        }
        if random.happens(0.3) {
            foreign[key] = nil
            _ = try client.apply([.removeVirtualServer(key)])
            return figures.count("other writer: removed one of its own")
        }
        guard let endpoint = strangerEndpoint(key), !present.realServers.contains(where: { $0.endpoint == endpoint })
        else { return }
        let server = RealServer(endpoint, weight: UInt32(random.number(0...3)))
        guard try client.apply([.addRealServer(server, to: key)]).isEmpty else { return }
        foreign[key]?.realServers.append(server)
        foreign[key]?.realServers.sort { $0.endpoint < $1.endpoint }
        figures.count("other writer: changed one of its own")
    }

    private func strangerEndpoint(_ key: VirtualServerKey) -> Endpoint? {
        let number = random.number(1...4)
        return Endpoint(
            key.family == .ipv4 ? "203.0.113.\(200 + number):\(key.port)" : "[2001:db8:e::\(number)]:\(key.port)")
    }

    // MARK: - What is the agent's

    private func victim() throws(NetlinkError) -> ObservedVirtualServer? {
        let ours = try client.virtualServers().filter { foreign[$0.key] == nil }
        guard !ours.isEmpty else { return nil }
        var server = random.one(of: ours)
        server.realServers = try client.realServers(of: server.key)
        return server
    }

    private func operation(on server: ObservedVirtualServer) throws(NetlinkError) -> (String, TableOperation)? {
        let key = server.key
        switch random.number(0...6) {
        case 0: return ("removed a virtual server", .removeVirtualServer(key))
        case 1:
            var edited = server.virtualServer
            edited.scheduler = Scheduler(random.one(of: ["dh", "lc", "nq"]))
            if random.happens(0.5) { edited.persistence = Persistence(timeout: 77, granularity: .single(key.family)) }
            return ("edited a virtual server", .editVirtualServer(edited))
        case 2:
            guard let endpoint = strangerEndpoint(key) else { return nil }
            return ("added a real server", .addRealServer(RealServer(endpoint), to: key))
        case 3: return ("set the timeouts", .setTimeouts(ConnectionTimeouts(tcp: 700, udp: 99)))
        default:
            guard !server.realServers.isEmpty else { return nil }
            var realServer = random.one(of: server.realServers).realServer
            switch random.number(0...4) {
            case 0: return ("removed a real server", .removeRealServer(realServer.endpoint, from: key))
            case 1: realServer.forwarding = random.one(of: [.direct, .tunnel(.gre(checksum: .full)), .masquerade])
            case 2: realServer.upperThreshold = 7_777
            default: realServer.weight = UInt32(random.number(0...50))
            }
            return ("edited a real server", .editRealServer(realServer, of: key))
        }
    }
}
