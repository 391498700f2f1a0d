internal import Agent
internal import DataPath
internal import LoadBalancing
internal import NFTables
internal import Netlink
internal import NodeNetwork
internal import Reconcile
internal import TestSupport

// What has to hold at every operation, and in the end.
extension Simulation: TableWatcher {
    func willApply(_ operation: TableOperation, _ kernel: InMemoryKernel) throws(NetlinkError) {
        if let count = crashAfter {
            if isKilled || count == 0 {
                isKilled = true
                throw NetlinkError(.malformed, operation: "be killed")
            }
            crashAfter = count - 1
        }
        figures.operations += 1
        if completion != nil { fail("\(operation) before every source has spoken") }
        guard let key = operation.key else { return }
        note("\(operation)")
        if foreign[key] != nil { fail("\(key) of another program is touched: \(operation)") }
        switch operation {
        case .removeVirtualServer:
            // What had only real servers on their way out was agreed to before.
            if isMassLoss, let number = SimulatedWorld.number(key), lost[number]?.endpoints.isEmpty == false {
                let ours = kernel.virtualServers.keys.filter { foreign[$0] == nil }.sorted()
                fail("\(key) is removed although \(lost.count) of \(ours) at once look like a mistake")
            }
            for real in kernel.virtualServers[key]?.realServers ?? [] { checkDrain(of: real, in: key) }
        case .removeRealServer(let endpoint, _):
            if isMassLoss, let number = SimulatedWorld.number(key), let pods = lost[number]?.endpoints,
                pods.contains(where: { SimulatedWorld.endpoint(number, $0) == endpoint })
            {
                fail("\(endpoint) of \(key) is removed although so many at once look like a mistake")
            }
            if let real = kernel.virtualServers[key]?.realServers.first(where: { $0.endpoint == endpoint }) {
                checkDrain(of: real, in: key)
            }
        default: break
        }
        servedBefore = serves(key)
    }

    func checkDrain(of real: ObservedRealServer, in key: VirtualServerKey) {
        guard key.transportProtocol == .tcp, !real.connections.isIdle, !isLedgerOld else { return }
        // What its checks find dead may go at once, where its rules say so.
        if case .immediately? = told[key]?.withdrawn[real.endpoint] { return }
        let start = drainStarts[Drained(key: key, endpoint: real.endpoint)]
        guard let start, start.duration(to: now) >= .seconds(Int(Self.drainTimeout) - 1) else {
            return fail("\(real.endpoint) of \(key) is removed with connections, before its deadline")
        }
    }

    func serves(_ key: VirtualServerKey) -> Bool {
        kernel.virtualServers[key]?.realServers.contains { $0.realServer.weight > 0 } ?? false
    }

    func didApply(_ operation: TableOperation, _ kernel: InMemoryKernel) {
        guard let key = operation.key else { return }
        if servedBefore, !serves(key), !excused.contains(key),
            told[key]?.realServers.contains(where: { $0.weight > 0 }) == true
        {
            fail("\(key) is left without a real server that serves, by \(operation)")
        }
        switch operation {
        case .editRealServer(let real, _):
            let drained = Drained(key: key, endpoint: real.endpoint)
            drainStarts[drained] = real.weight == 0 ? drainStarts[drained] ?? now : nil
        case .removeRealServer(let endpoint, _): drainStarts[Drained(key: key, endpoint: endpoint)] = nil
        case .removeVirtualServer: drainStarts = drainStarts.filter { $0.key.key != key }
        default: break
        }
    }

    func liesInDumps() -> Bool {
        defer { lies = false }
        return lies
    }

    func losesAnswers() -> Bool {
        defer { loses = false }
        return loses
    }

    func didApply(_ operation: VIPOperation) {
        note("\(operation)")
        guard case .addAddress(let address) = operation,
            let number = (1...60).first(where: { SimulatedWorld.address($0) == address })
        else { return }
        let key = SimulatedWorld.key(number)
        if kernel.virtualServers[key] == nil, !excused.contains(key), !unsettled.contains(number) {
            fail("\(address) is taken before its virtual server is there")
        }
        let guardElement = DataPathElement.guarded(key, SimulatedWorld.sources(number))
        if SimulatedWorld.isGuarded(number), !isFirewallExcused,
            firewall.observed?.elements.contains(guardElement) != true
        {
            fail("\(address) is taken before the rules that say who may use it")
        }
    }

    func checkWaiting() {
        guard let changeWaits, completion == nil else { return }
        let isBusy = flights.contains { flight in
            if case .table = flight.job { return true }
            return false
        }
        if !isBusy, changeWaits.duration(to: now) > Self.longestWait {
            fail("a change has waited for \(changeWaits.duration(to: now)) while the table was idle")
        }
    }

    func checkConvergence() {
        for (key, server) in foreign where kernel.virtualServers[key] != server {
            fail("\(key) of another program is not as it was")
        }
        let ours = kernel.virtualServers.filter { foreign[$0.key] == nil }
        let wanted = Dictionary(
            uniqueKeysWithValues: world.services.keys.compactMap { number in
                world.declared(SimulatedWorld.key(number)).map { declared in
                    var wanted = declared
                    wanted.realServers = health.expected(number, declared.realServers)
                    return (wanted.key, wanted)
                }
            })
        for key in Set(ours.keys).union(wanted.keys).sorted() where wanted[key] != nil || !orphans.contains(key) {
            let found = ours[key]?.realServers.map(\.realServer)
            if found != wanted[key]?.realServers || ours[key]?.virtualServer != wanted[key]?.virtualServer {
                fail(
                    "\(key) is \(String(describing: found)), not \(String(describing: wanted[key]?.realServers)); "
                        + "ours: \(ledger.ledger.owns(key)), orphan: \(orphans.contains(key)), drains \(process.reconciler.drains)"
                )
            }
        }
        let elements = world.dataPath
        if firewall.observed?.elements != elements {
            let found = firewall.observed?.elements ?? []
            fail(
                "the rules lack \(elements.subtracting(found)) and have \(found.subtracting(elements)) too many")
        }
        let bound = (try? network.read(device: DataPathSettings.defaultDevice).addresses) ?? []
        let addresses = Set(world.services.keys.map(SimulatedWorld.address))
        if bound != addresses {
            fail("addresses \(addresses.subtracting(bound)) are missing, \(bound.subtracting(addresses)) too many")
        }
        if Set(ledger.ledger.virtualServers.keys) != Set(wanted.keys) {
            fail("the ledger does not say what is ours")
        }
    }
}
