import DataPath
import NFTables
import Netlink
import TestSupport

extension FuzzTarget {
    /// Whole datagrams as answers about the sets of our table and the ruleset's generation, and as a listing of it.
    static func decodeFirewall(_ bytes: [UInt8]) {
        let client = NFTablesClient { (_) throws(NetlinkError) in
            ScriptedTransport { _, sequences in
                [.datagram(bytes), .datagram(WireBytes.done(sequence: sequences[0]))]
            }
        }
        _ = client.generation()
        var observed = ObservedFirewall(elements: [], shape: FirewallShape(FirewallSettings()))
        try? observed.takeElements(from: client)
        if var listed = try? ObservedFirewall(json: sourceListing) { try? listed.takeElements(from: client) }
        _ = observed.damage(under: FirewallSettings())
        _ = try? ObservedFirewall(json: bytes)
    }

    /// A list of sources, whose elements are asked for.
    private static let sourceListing = Array(
        (#"{"nftables": [{"set": {"family": "inet", "name": "sources4_00000000000000000000000000000000", "#
            + #""table": "ipvsync", "type": "ipv4_addr", "flags": ["interval"]}}]}"#).utf8)

    static var firewallReplies: [[UInt8]] {
        let keys = [
            "0a600001", "0a600001 06000000 00500000", "0a600001 06000000 00500000 c0000200", "0a600001 0a600001",
            "1f90",
        ]
        let verdict = WireBytes.attribute(
            0x8002, WireBytes.attribute(0x8002, WireBytes.attribute(1, WireBytes.hex("fffffffc"))))
        let elements = keys.map { text -> [UInt8] in
            let key = WireBytes.attribute(0x8001, WireBytes.attribute(1, WireBytes.hex(text)))
            return WireBytes.attribute(0x8001, key + verdict)
        }
        let list = WireBytes.attribute(0x8003, elements.flatMap(\.self))
        return [
            WireBytes.message(type: 0x0A0C, flags: 2, sequence: 1, [1, 0, 0, 1] + list),
            WireBytes.message(
                type: 0x0A0F, flags: 0, sequence: 1, [0, 0, 0, 0] + WireBytes.attribute(1, [0, 0, 0, 7])),
            WireBytes.verdict(2, sequence: 2, explanation: "no such set"),
            Array(
                (#"{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "ipvsync"}}, "#
                    + #"{"set": {"family": "inet", "name": "addresses4", "table": "ipvsync", "type": "ipv4_addr"}}, "#
                    + #"{"chain": {"family": "inet", "table": "ipvsync", "name": "input", "handle": 1}}]}"#).utf8),
        ]
    }
}
