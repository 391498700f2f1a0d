package import DataPath
internal import LoadBalancing

/// Reproducible random elements of a few virtual servers, so that they meet.
package struct RandomElements {
    private var generator: SeededGenerator

    package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// Up to that many.
    package mutating func elements(_ count: Int) -> [DataPathElement] { (0..<count).map { _ in element() } }

    private mutating func element() -> DataPathElement {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: .address(address())
        case 1: .service(key(address()), treatment())
        case 2: guarded()
        case 3: .hairpin(address())
        default: .healthCheckPort(UInt16.random(in: 30_000..<30_010, using: &generator))
        }
    }

    private mutating func address() -> IPAddress {
        let number = UInt32.random(in: 1...6, using: &generator)
        return Bool.random(using: &generator)
            ? IPAddress(v4: 0x0A60_0000 | number) : IPAddress(v6High: 0xFD00_0000_0000_0001, low: UInt64(number))
    }

    private mutating func key(_ address: IPAddress) -> VirtualServerKey {
        let transportProtocol = TransportProtocol.allCases.randomElement(using: &generator) ?? .tcp
        let port: UInt16 = Bool.random(using: &generator) ? 80 : 65_535
        return .endpoint(transportProtocol, Endpoint(address, port: port))
    }

    private mutating func treatment() -> ServiceTreatment {
        ServiceTreatment(
            ServiceTreatment.Masquerade.allCases.randomElement(using: &generator) ?? .never)
    }

    private mutating func guarded() -> DataPathElement {
        let virtualAddress = address()
        let networks = (0..<Int.random(in: 0...4, using: &generator)).compactMap { _ in network(virtualAddress.family) }
        return .guarded(key(virtualAddress), SourceList(virtualAddress.family, networks))
    }

    private mutating func network(_ family: AddressFamily) -> IPPrefix? {
        let base =
            family == .ipv4
            ? IPAddress(v4: UInt32.random(in: 0...UInt32.max, using: &generator))
            : IPAddress(v6High: UInt64.random(in: 0...UInt64.max, using: &generator), low: 1)
        return IPPrefix(base, length: Int.random(in: 0...base.family.bitWidth, using: &generator))
    }
}
