import LoadBalancing
import NodeNetwork
import TestSupport

extension FuzzTarget {
    /// Whole datagrams as answers about devices, addresses, routes and tracked connections.
    static func decodeNetwork(_ bytes: [UInt8]) {
        func transport() -> ScriptedTransport {
            ScriptedTransport { _, sequences in
                [.datagram(bytes), .datagram(WireBytes.done(sequence: sequences[0]))]
            }
        }
        _ = try? VIPClient(transport: transport()).read(device: "ipvsync0")
        _ = try? VIPClient(transport: transport()).apply([.createDevice, .setUp], device: "ipvsync0")
        let endpoint = Endpoint(IPAddress(v4: 0x0A60_0001), port: 53)
        let flow = StaleFlow(.udp, virtualServer: endpoint, realServer: endpoint)
        _ = try? ConntrackClient(transport: transport()).deleteEntries([flow])
        _ = try? ConntrackClient(transport: transport()).translatedConnections()
    }

    /// What a kernel might answer: the sequence numbers are those of a client's requests.
    static var networkReplies: [[UInt8]] {
        let address = WireBytes.attribute(1, [10, 96, 0, 1])
        let name = WireBytes.attribute(3, Array("ipvsync0\0".utf8))
        let kind = WireBytes.attribute(18, WireBytes.attribute(1, Array("dummy\0".utf8)))
        let alias = WireBytes.attribute(20, Array("ipvsync\0".utf8))
        let link = [0, 0, 1, 0, 2, 0, 0, 0, 0x83, 0, 1, 0, 0, 0, 0, 0] + name + kind + alias
        let route: [UInt8] = [2, 32, 0, 0, 255, 218, 254, 2, 0, 0, 0, 0] + address
        return [
            WireBytes.message(type: 16, flags: 2, sequence: 1, link),
            WireBytes.message(
                type: 20, flags: 2, sequence: 2, [2, 32, 128, 0, 2, 0, 0, 0] + WireBytes.attribute(2, [10, 96, 0, 1])),
            WireBytes.message(type: 24, flags: 2, sequence: 3, route),
            WireBytes.message(type: 0x100, flags: 2, sequence: 1, [2, 0, 0, 0] + flow),
        ]
    }

    /// A tracked connection from an address to itself.
    private static var flow: [UInt8] {
        let address: [UInt8] = [10, 96, 0, 1]
        let port: [UInt8] = [0, 53]
        let ends = WireBytes.attribute(0x8001, WireBytes.attribute(1, address) + WireBytes.attribute(2, address))
        let ports = WireBytes.attribute(
            0x8002, WireBytes.attribute(1, [17]) + WireBytes.attribute(2, port) + WireBytes.attribute(3, port))
        return WireBytes.attribute(0x8001, ends + ports) + WireBytes.attribute(0x8002, ends + ports)
            + WireBytes.attribute(12, [1, 2, 3, 4]) + WireBytes.attribute(18, [0, 7])
    }
}
