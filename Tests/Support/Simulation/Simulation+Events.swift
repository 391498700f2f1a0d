internal import Agent
internal import DataPath
internal import LoadBalancing
internal import NFTables
internal import Netlink
internal import NodeNetwork
internal import Reconcile
internal import TestSupport

// What happens to the daemon.
extension Simulation {
    func event() {
        figures.events += 1
        switch pick(0...23) {
        case 0...8: change()
        case 9: massLoss()
        case 10, 11: others()
        case 12: connections()
        case 13: refuse()
        case 14: ledger.set(isFull: chance(3))
        case 15:
            isLate = chance(2)
            hasBeenLate = hasBeenLate || isLate
            ledger.set(isLate: isLate)
            note("the ledger's disk \(isLate ? "hangs" : "answers")")
        case 16:
            firewall.nextFailure = NFTablesError(operation: "replace", message: "no")
            note("nft will fail")
        case 17: network.errorAfterNextApply = chance(2) ? NetlinkError(.answersLost, operation: "addresses") : nil
        case 18: if chance(3) { restart() }
        case 19...22: healthEvent()
        default: kernel.refusals = [:]
        }
    }

    func change() {
        for _ in 0..<pick(1...3) {
            let number = pick(1...40)
            guard lost[number] == nil else { continue }
            let before = world.elements(of: number)
            switch (world.services[number], pick(0...5)) {
            case (nil, 0...3): world.services[number] = .init(endpoints: Set(1...pick(1...4)))
            case (.some, 0): world.services[number] = nil
            case (.some, 1): world.services[number]?.endpoints = Set([pick(1...6)])
            case (.some, 2): world.services[number]?.endpoints = []
            case (.some, 3): world.services[number]?.weight = UInt32(pick(1...3))
            case (.some, _): world.services[number]?.endpoints.formSymmetricDifference([pick(1...6)])
            default: continue
            }
            told(number, before)
        }
    }

    func told(_ number: Int, _ before: Set<DataPathElement>) {
        watch(number)
        let after = world.elements(of: number)
        if after.isEmpty != before.isEmpty { unsettled.insert(number) }
        note("Service \(number) is \(world.services[number].map { "\($0.endpoints.sorted()) \($0.weight)" } ?? "gone")")
        process.reconciler.note([SimulatedWorld.key(number)], at: now)
        process.reconciler.note(
            DataPathChange(added: after.subtracting(before), removed: before.subtracting(after)), at: now)
        if world.isComplete { changeWaits = changeWaits ?? now }
    }

    /// Most Services vanish at once, and come back later.
    func massLoss() {
        guard lost.isEmpty else {
            for (number, service) in lost {
                let before = world.elements(of: number)
                world.services[number] = service
                told(number, before)
            }
            lost = [:]
            return
        }
        // Only what is there and not under way may be judged as a loss.
        guard world.isComplete, flights.isEmpty, world.services.count > 12 else { return }
        let all = world.services.keys.sorted()
        let going = all.dropLast(2)
        let isWhole = all.allSatisfy { number in
            let key = SimulatedWorld.key(number)
            return kernel.virtualServers[key]?.realServers.map(\.realServer) == world.desired(key)?.realServers
                && ledger.ledger.virtualServers[key] != nil
        }
        guard isWhole, ledger.ledger.virtualServers.count == all.count else { return }
        note("a mass loss")
        for number in going {
            let before = world.elements(of: number)
            lost[number] = world.services.removeValue(forKey: number)
            told(number, before)
        }
    }

    /// Another program writes.
    func others() {
        let keys = kernel.virtualServers.keys.filter { foreign[$0] == nil }.sorted()
        guard let key = keys.randomElement(using: &random), let server = kernel.virtualServers[key] else { return }
        excused.insert(key)
        note("another program changes \(key)")
        switch pick(0...5) {
        case 0: _ = try? kernel.apply([.removeVirtualServer(key)])
        case 1:
            if let real = server.realServers.randomElement(using: &random) {
                _ = try? kernel.apply([.removeRealServer(real.endpoint, from: key)])
            }
        case 2:
            _ = try? kernel.apply([
                .addRealServer(RealServer(Endpoint(IPAddress(v4: 0xCB00_7109), port: 80)), to: key)
            ])
        case 3:
            firewall.observed = nil
            isFirewallExcused = true
        case 4:
            if let number = SimulatedWorld.number(key) {
                network.removeForeignAddress(SimulatedWorld.address(number), from: DataPathSettings.defaultDevice)
            }
        default:
            var edited = server.virtualServer
            edited.scheduler = Scheduler("rr")
            _ = try? kernel.apply([.editVirtualServer(edited)])
        }
    }

    func connections() {
        for (key, server) in kernel.virtualServers.sorted(by: { $0.key < $1.key }) where foreign[key] == nil {
            for real in server.realServers where chance(3) {
                // A real server with weight 0 gets no new ones.
                let open = real.realServer.weight > 0 || !real.connections.isIdle
                kernel.setConnections(
                    ConnectionCounts(active: open && chance(2) ? 1 : 0, inactive: 0), of: real.endpoint, in: key)
            }
        }
    }

    func refuse() {
        let number = pick(1...40)
        let key = SimulatedWorld.key(number)
        excused.insert(key)
        note("the kernel will refuse \(key)")
        kernel.refusals[.addVirtualServer(VirtualServer(key))] = 12
        kernel.refusals[.addRealServer(RealServer(SimulatedWorld.endpoint(number, pick(1...4))), to: key)] = 12
    }

    /// The process is killed, and another one begins.
    func restart() {
        note("the process is killed")
        figures.restarts += 1
        (crashAfter, isKilled) = (nil, false)
        flights = []
        changeWaits = nil
        let left = Set(kernel.virtualServers.keys.filter { foreign[$0] == nil })
            .subtracting(ledger.ledger.virtualServers.keys)
        if !hasBeenLate, let key = left.subtracting(orphans).first {
            fail("\(key) is in the kernel and not in the ledger")
        }
        orphans.formUnion(left)
        isLedgerOld = hasBeenLate
        hasBeenLate = isLate
        excused.formUnion(world.services.keys.map(SimulatedWorld.key))
        excused.formUnion(kernel.virtualServers.keys)
        renewProcess()
        recallVerdicts()
        world.isComplete = mutation == .believesEarly
        completion = now + .milliseconds(pick(0...60_000))
    }

    func renewProcess() {
        process = Self.process(watched, addresses, firewall, ledger, record, mutation, clock)
    }

    func calmDown() {
        note("faults end")
        isCalm = true
        kernel.refusals = [:]
        ledger.set(isFull: false)
        ledger.set(isLate: false)
        isLate = false
        firewall.nextFailure = nil
        network.errorAfterNextApply = nil
        if !lost.isEmpty { massLoss() }
        health.silentUntil = nil
        hearSoon(
            world.services.keys.sorted().flatMap { number in
                (1...6).map { SimulatedHealth.Pod(number: number, pod: $0) }
            })
        for index in flights.indices { flights[index].end = min(flights[index].end, now + .seconds(1)) }
    }
}
