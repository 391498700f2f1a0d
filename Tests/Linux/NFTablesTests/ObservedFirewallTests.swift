import DataPath
import Testing

@testable import NFTables

@Suite struct ObservedFirewallTests {
    @Test func readsWhatNftLists() throws {
        let observed = try ObservedFirewall(json: Array(listing.utf8))
        // Elements are read over netlink.
        #expect(observed.elements.isEmpty)
        #expect(observed.shape.strangers.isEmpty)
        #expect(observed.shape.tableFlags.isEmpty)
        #expect(observed.shape.chains["input"] == FirewallShape.Chain(hook: "filter input -10 accept", seals: ["abc"]))
        #expect(observed.shape.chains["direct"] == FirewallShape.Chain(hook: "", seals: []))
        // A table of an older layout: it has to be replaced.
        #expect(observed.shape.sets["sources4"] != nil)
        #expect(observed.damage(under: FirewallSettings()) != nil)
        #expect(observed.shape.sets["services4"] == FirewallShape(FirewallSettings()).sets["services4"])
        #expect(!observed.isIntact(under: FirewallSettings()))
    }

    @Test func whatIsNotUnderstoodIsAStrangers() throws {
        let observed = try ObservedFirewall(json: Array(#"{"nftables": [{"flowtable": {"name": "f"}}]}"#.utf8))
        #expect(observed.shape.strangers == ["a flowtable"])
    }

    /// From nft 1.0.6, abridged.
    private let listing = """
        {"nftables": [{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
        {"table": {"family": "inet", "name": "ipvsync", "handle": 16}},
        {"set": {"family": "inet", "name": "addresses6", "table": "ipvsync", "type": "ipv6_addr", "handle": 12,
         "elem": ["::1.2.3.4", "fd00::1"]}},
        {"map": {"family": "inet", "name": "services4", "table": "ipvsync",
         "type": ["ipv4_addr", "inet_proto", "inet_service"], "handle": 13, "map": "verdict",
         "elem": [[{"concat": ["10.0.0.1", "tcp", 80]}, {"goto": {"target": "cluster_ip"}}],
         [{"concat": ["10.0.0.1", "sctp", 443]}, {"goto": {"target": "direct"}}]]}},
        {"set": {"family": "inet", "name": "sources4", "table": "ipvsync",
         "type": ["ipv4_addr", "inet_proto", "inet_service", "ipv4_addr"], "handle": 15, "flags": ["interval"],
         "elem": [{"concat": ["10.0.0.1", "tcp", 80, {"prefix": {"addr": "10.0.0.0", "len": 8}}]},
         {"concat": ["10.0.0.1", "tcp", 80, "192.168.1.1"]}]}},
        {"set": {"family": "inet", "name": "hairpins4", "table": "ipvsync", "type": ["ipv4_addr", "ipv4_addr"],
         "handle": 17, "elem": [{"concat": ["10.1.0.1", "10.1.0.1"]}]}},
        {"set": {"family": "inet", "name": "health_check_ports", "table": "ipvsync", "type": "inet_service",
         "handle": 19, "elem": [30000]}},
        {"chain": {"family": "inet", "table": "ipvsync", "name": "input", "handle": 1, "type": "filter",
         "hook": "input", "prio": -10, "policy": "accept"}},
        {"chain": {"family": "inet", "table": "ipvsync", "name": "direct", "handle": 8}},
        {"rule": {"family": "inet", "table": "ipvsync", "chain": "input", "handle": 20, "comment": "abc",
         "expr": [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}},
         {"vmap": {"key": {"concat": [{"payload": {"protocol": "ip", "field": "daddr"}}, {"meta": {"key": "l4proto"}},
         {"payload": {"protocol": "th", "field": "dport"}}]}, "data": "@services4"}}]}}]}
        """
}
