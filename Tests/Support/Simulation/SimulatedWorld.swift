internal import Agent
internal import DataPath
internal import HealthChecks
internal import LoadBalancing

/// What is declared in a simulation: Services with a virtual server, an address and rules each.
struct SimulatedWorld: DesiredSource {
    struct Service: Hashable, Sendable {
        var endpoints: Set<Int>
        var weight: UInt32 = 1
    }

    var isComplete = true
    var services: [Int: Service] = [:]
    let settings = DesiredState()
    let network: DataPathSettings? = DataPathSettings(setsSysctls: false)

    /// What is known of real servers that are checked.
    var verdicts = Verdicts(now: .now)
    /// Whether that counts for nothing.
    var ignoresVerdicts = false

    init() {}

    var desired: DesiredState {
        DesiredState(virtualServers: services.keys.compactMap { desired(Self.key($0)) }.sorted { $0.key < $1.key })
    }

    var dataPath: Set<DataPathElement> {
        services.keys.reduce(into: []) { $0.formUnion(elements(of: $1)) }
    }

    func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? {
        ignoresVerdicts ? declared(key) : declared(key).map(verdicts.effective)
    }

    /// Whatever is known of its real servers.
    func declared(_ key: VirtualServerKey) -> DesiredVirtualServer? {
        guard let number = Self.number(key), let service = services[number] else { return nil }
        return DesiredVirtualServer(
            VirtualServer(key),
            realServers: service.endpoints.sorted().map {
                RealServer(Self.endpoint(number, $0), weight: service.weight)
            }, name: "sim/\(number)")
    }

    /// What a Service needs beside IPVS.
    func elements(of number: Int) -> Set<DataPathElement> {
        guard let service = services[number] else { return [] }
        let key = Self.key(number)
        var elements: Set<DataPathElement> = [.address(Self.address(number)), .service(key, ServiceTreatment(.always))]
        if Self.isGuarded(number) {
            elements.insert(.guarded(key, Self.sources(number)))
            elements.insert(.sources(Self.sources(number)))
        }
        elements.formUnion(service.endpoints.map { .hairpin(Self.endpoint(number, $0).address) })
        return elements
    }

    /// Whether only some sources may use a Service.
    static func isGuarded(_ number: Int) -> Bool { number.isMultiple(of: 3) }

    static func sources(_ number: Int) -> SourceList {
        SourceList(.ipv4, [IPPrefix(IPAddress(v4: 0xC000_0200 + UInt32(number)), length: 32)].compactMap(\.self))
    }

    static func address(_ number: Int) -> IPAddress { IPAddress(v4: 0x0A60_0000 + UInt32(number)) }

    static func endpoint(_ number: Int, _ pod: Int) -> Endpoint {
        Endpoint(IPAddress(v4: 0x0AF4_0000 + UInt32(number) << 8 + UInt32(pod)), port: 8_080)
    }

    /// Even ones are TCP, odd ones UDP.
    static func key(_ number: Int) -> VirtualServerKey {
        .endpoint(number.isMultiple(of: 2) ? .tcp : .udp, Endpoint(address(number), port: 80))
    }

    private static let numbers = Dictionary(uniqueKeysWithValues: (1...60).map { (key($0), $0) })

    static func number(_ key: VirtualServerKey) -> Int? { numbers[key] }
}
