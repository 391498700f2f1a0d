internal import DataPath
internal import LoadBalancing
package import NFTables

/// What every firewall table must do, the kernel's own as well as the one in memory: one suite that runs on both.
package struct FirewallContract: Sendable {
    package let name: String
    /// Runs where there is no table; throws what was expected and what came instead.
    package let check: @Sendable (any FirewallTable) throws -> Void

    /// All cases.
    package static let all: [FirewallContract] = replacementCases + changeCases + generationCases
}

// MARK: - Whole tables

extension FirewallContract {
    private static var replacementCases: [FirewallContract] {
        [
            FirewallContract(name: "no table reads as none") { table in
                try expect(try table.read(), nil)
            },
            FirewallContract(name: "a table without elements reads back") { table in
                try replace(table, FirewallState(settings: FirewallSettings(), elements: []))
            },
            FirewallContract(name: "every kind of element reads back") { table in
                try replace(table, everything)
            },
            FirewallContract(name: "a replaced table holds nothing of the last one") { table in
                try replace(table, everything)
                let settings = FirewallSettings(masqueradeMark: 1 << 31, masqueradesAll: true)
                try replace(table, FirewallState(settings: settings, elements: [.healthCheckPort(1)]))
            },
            FirewallContract(name: "other settings are noticed") { table in
                try replace(table, everything)
                for settings in otherSettings {
                    try expect(try table.read()?.isIntact(under: settings), false)
                }
            },
            FirewallContract(name: "every settings read back") { table in
                for settings in otherSettings { try replace(table, FirewallState(settings: settings, elements: [])) }
            },
            FirewallContract(name: "a removed table is gone, and removing none does no harm") { table in
                try table.commit(.removal)
                try replace(table, everything)
                try table.commit(.removal)
                try expect(try table.read(), nil)
                try table.commit(.removal)
            },
        ]
    }

    private static func replace(_ table: any FirewallTable, _ state: FirewallState, line: UInt = #line) throws {
        try table.commit(.replacing(with: state))
        try expectState(table, state, line: line)
    }

    private static func expectState(_ table: any FirewallTable, _ state: FirewallState, line: UInt = #line) throws {
        let observed = try table.read()
        try expect(observed?.damage(under: state.settings), nil, line: line)
        try expect(observed?.elements, state.elements, line: line)
        try expect(FirewallDifference.between(state, observed).isEmpty, true, line: line)
    }
}

// MARK: - Changes

extension FirewallContract {
    private static var changeCases: [FirewallContract] {
        [
            FirewallContract(name: "elements come and go one by one") { table in
                var elements: Set<DataPathElement> = []
                try replace(table, FirewallState(settings: settings, elements: []))
                for element in sample {
                    try table.commit(.changing(added: [element], removed: []))
                    elements.insert(element)
                    try expect(try table.read()?.elements, elements)
                }
                for element in sample.reversed() {
                    try table.commit(.changing(added: [], removed: [element]))
                    elements.remove(element)
                    try expect(try table.read()?.elements, elements)
                }
            },
            FirewallContract(name: "a virtual server's treatment changes in one transaction") { table in
                let (before, after) = (service(.node), service(.always))
                try replace(table, FirewallState(settings: settings, elements: [before]))
                try table.commit(.changing(added: [after], removed: [before]))
                try expectState(table, FirewallState(settings: settings, elements: [after]))
            },
            FirewallContract(name: "another list of sources takes one's place, and back") { table in
                let lists = [["10.0.0.0/16"], ["10.0.0.0/8", "192.0.2.1"], []].map { sources($0) }
                var current = FirewallState(settings: settings, elements: [guarded(lists[0])])
                try replace(table, current)
                for list in lists[1...] + [lists[0]] {
                    let next = FirewallState(settings: settings, elements: [guarded(list)])
                    try table.commit(
                        .changing(
                            added: next.elements.subtracting(current.elements),
                            removed: current.elements.subtracting(next.elements)))
                    try expectState(table, next)
                    current = next
                }
            },
            FirewallContract(name: "a list of sources stays while it guards something") { table in
                let list = sources(["10.0.0.0/8"])
                let state = FirewallState(settings: settings, elements: [guarded(list)])
                try replace(table, state)
                try expectFailure(table, .changing(added: [], removed: [.sources(list)]))
                try expectState(table, state)
                try table.commit(.changing(added: [], removed: [.sources(list), guarded(list)]))
                try expectState(table, FirewallState(settings: settings, elements: []))
                try expectFailure(table, .changing(added: [guarded(list)], removed: []))
                try expectState(table, FirewallState(settings: settings, elements: []))
            },
            FirewallContract(name: "a list of thousands of sources reads back") { table in
                let ranges = (0..<2_000).map { (number: UInt32) in
                    IPAddress(v4: 0x0A00_0000 + number * 8)...IPAddress(v4: 0x0A00_0003 + number * 8)
                }
                let long = SourceList(.ipv4, merging: ranges)
                try replace(table, FirewallState(settings: settings, elements: []))
                try table.commit(.changing(added: [.sources(long), guarded(long)], removed: []))
                try expectState(table, FirewallState(settings: settings, elements: [guarded(long)]))
                try replace(table, FirewallState(settings: settings, elements: [guarded(long)]))
            },
            FirewallContract(name: "what is there already may come again") { table in
                try replace(table, everything)
                try table.commit(.changing(added: everything.elements, removed: []))
                try expectState(table, everything)
            },
            FirewallContract(name: "a change without a table fails") { table in
                try expectFailure(table, .changing(added: [.healthCheckPort(80)], removed: []))
                try expect(try table.read(), nil)
            },
            FirewallContract(name: "removing what is not there fails, and nothing changes") { table in
                for element in sample {
                    // A list of sources is there as long as what it guards.
                    let others = FirewallState(
                        settings: settings, elements: sample.filter { $0 != element && $0.neededSources != element })
                    try replace(table, others)
                    try expectFailure(table, .changing(added: [.healthCheckPort(7)], removed: [element]))
                    try expectState(table, others)
                }
            },
            FirewallContract(name: "another treatment beside the first fails, and nothing changes") { table in
                try replace(table, FirewallState(settings: settings, elements: [service(.node)]))
                try expectFailure(table, .changing(added: [service(.always), .healthCheckPort(7)], removed: []))
                try expectState(table, FirewallState(settings: settings, elements: [service(.node)]))
            },
            FirewallContract(name: "a virtual server goes by its key") { table in
                try replace(table, FirewallState(settings: settings, elements: [service(.node)]))
                try table.commit(.changing(added: [], removed: [service(.always)]))
                try expectState(table, FirewallState(settings: settings, elements: []))
            },
            FirewallContract(name: "random changes lead from any state to any other") { table in
                var random = RandomElements(seed: 41)
                for _ in 0..<10 {
                    let state = FirewallState(settings: settings, elements: random.elements(40))
                    let difference = FirewallDifference.between(state, try table.read())
                    try table.commit(difference.transaction(to: state))
                    try expectState(table, state)
                }
            },
        ]
    }

    private static func expectFailure(
        _ table: any FirewallTable, _ transaction: FirewallTransaction, line: UInt = #line
    ) throws {
        do {
            try table.commit(transaction)
        } catch {
            return
        }
        throw ContractViolation(description: "line \(line): \(transaction.lines) did not fail")
    }
}

// MARK: - Generations

extension FirewallContract {
    private static var generationCases: [FirewallContract] {
        [
            FirewallContract(name: "the generation goes up with each transaction, and only then") { table in
                var generation = try number(table)
                for transaction in [
                    .replacing(with: everything), .changing(added: [.healthCheckPort(7)], removed: []), .removal,
                ] as [FirewallTransaction] {
                    let count = try table.commit(transaction)
                    try expect(count > 0, true)
                    generation += UInt32(count)
                    try expect(try number(table), generation)
                    _ = try table.read()
                    try expect(try table.commit(.changing(added: [], removed: [])), 0)
                    try expect(try number(table), generation)
                }
                try expectFailure(table, .changing(added: [.healthCheckPort(7)], removed: []))
                try expect(try number(table), generation)
            }
        ]
    }

    private static func number(_ table: any FirewallTable) throws -> UInt32 {
        guard let generation = table.generation() else { throw ContractViolation(description: "no generation") }
        return generation
    }
}

// MARK: - Values

extension FirewallContract {
    private static func expect<Value: Equatable>(_ found: Value, _ expected: Value, line: UInt = #line) throws {
        guard found == expected else {
            throw ContractViolation(description: "line \(line): found \(found), expected \(expected)")
        }
    }

    private static let addresses = [
        IPAddress(v4: 0x0A60_0001), IPAddress(v6High: 0xFD00_0000_0000_0000, low: 1),
        IPAddress(v6High: 0, low: 0xFFFF_0A60_0001), IPAddress(v6High: 0, low: 0x0A60_0001),
    ]

    private static let settings = FirewallSettings()

    private static let otherSettings: [FirewallSettings] = {
        let networks = ["10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12", "fd00::/8", "2001:db8::/32"].compactMap {
            IPPrefix($0)
        }
        return [
            FirewallSettings(masqueradeMark: 0), FirewallSettings(masqueradeMark: .max),
            FirewallSettings(masqueradesAll: true), FirewallSettings(podNetworks: Array(networks[..<1])),
            FirewallSettings(podNetworks: networks), FirewallSettings(podNetworks: Array(networks[3...])),
        ]
    }()

    private static func service(_ masquerade: ServiceTreatment.Masquerade) -> DataPathElement {
        .service(.endpoint(.tcp, Endpoint(addresses[0], port: 80)), ServiceTreatment(masquerade))
    }

    private static func sources(_ networks: [String]) -> SourceList {
        SourceList(.ipv4, networks.compactMap { IPPrefix($0) })
    }

    private static func guarded(_ list: SourceList) -> DataPathElement {
        .guarded(.endpoint(.tcp, Endpoint(addresses[0], port: 80)), list)
    }

    /// One of each kind and family.
    private static let sample: [DataPathElement] = {
        let services = addresses[..<2].map { VirtualServerKey.endpoint(.udp, Endpoint($0, port: 53)) }
        let networks = ["192.0.2.0/24", "2001:db8::/32"].compactMap { IPPrefix($0) }
        let lists = networks.map { SourceList($0.address.family, [$0]) }
        return addresses[..<2].flatMap { [.address($0), .hairpin($0)] }
            + services.map { .service($0, ServiceTreatment(.outsidePods)) }
            + lists.map { .sources($0) } + zip(services, lists).map { .guarded($0, $1) } + [.healthCheckPort(30_000)]
    }()

    /// One of each kind, with every protocol, treatment and form of address.
    private static let everything: FirewallState = {
        var elements: [DataPathElement] = [.healthCheckPort(1), .healthCheckPort(65_535)]
        for address in addresses {
            elements += [.address(address), .hairpin(address)]
            for transportProtocol in TransportProtocol.allCases {
                for (index, masquerade) in ServiceTreatment.Masquerade.allCases.enumerated() {
                    let key = VirtualServerKey.endpoint(
                        transportProtocol, Endpoint(address, port: UInt16(index * 20_000 + 80)))
                    elements.append(.service(key, ServiceTreatment(masquerade)))
                    elements.append(.guarded(key, sources(key, address.family)))
                }
            }
        }
        return FirewallState(settings: FirewallSettings(), elements: elements)
    }()

    private static func sources(_ key: VirtualServerKey, _ family: AddressFamily) -> SourceList {
        let texts: [String] =
            switch (family, key.port) {
            case (.ipv4, 80): ["0.0.0.0/0"]
            case (.ipv6, 80): ["::/0"]
            case (_, 20_080): []
            case (.ipv4, _): ["10.0.0.0/8", "192.0.2.1", "192.0.2.128/31", "128.0.0.0/3", "255.255.255.255"]
            case (.ipv6, _): ["fd00::/8", "2001:db8::1", "2001:db8::10/127", "::/96", "ffff::/17"]
            }
        return SourceList(family, texts.compactMap { IPPrefix($0) })
    }
}
