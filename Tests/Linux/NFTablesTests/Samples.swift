import DataPath
import LoadBalancing
import Testing

@testable import NFTables

/// Small values to make tables of.
enum Samples {
    static let web = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0x0A60_0001), port: 80))
    static let names = VirtualServerKey.endpoint(
        .udp, Endpoint(IPAddress(v6High: 0xFD00_0000_0000_0000, low: 1), port: 53))

    static func network(_ text: String) throws -> IPPrefix { try #require(IPPrefix(text)) }

    static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    /// A network and an address.
    static func sources() throws -> SourceList {
        SourceList(.ipv4, [try network("192.0.2.0/24"), try network("198.51.100.7")])
    }

    /// One element of each set but two.
    static func small() throws -> FirewallState {
        FirewallState(
            settings: FirewallSettings(podNetworks: [try network("10.244.0.0/16"), try network("fd00:10::/56")]),
            elements: [
                .hairpin(try address("10.244.1.3")), .hairpin(try address("10.244.1.2")),
                .address(try address("10.96.0.1")), .address(try address("fd00::1")),
                .service(web, ServiceTreatment(.always)),
                .service(names, ServiceTreatment(.outsidePods)),
                .guarded(web, try sources()),
                .healthCheckPort(30_000),
            ])
    }
}

extension FirewallTransaction {
    var script: String { String(decoding: text, as: UTF8.self) }
}
