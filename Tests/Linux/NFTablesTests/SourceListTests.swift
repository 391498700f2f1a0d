import DataPath
import LoadBalancing
import Testing

@testable import NFTables

@Suite struct SourceListTests {
    private static func list(_ family: AddressFamily, _ networks: [String]) throws -> SourceList {
        SourceList(family, try networks.map(Samples.network))
    }

    /// As `sha256sum` prints it: of nothing of IPv4, and of two ranges.
    @Test func theNameIsADigestOfTheRanges() throws {
        #expect(try Self.list(.ipv4, []).name == "6e340b9cffb37a989ca544e6bb780a2c")
        #expect(
            try Self.list(.ipv4, ["192.0.2.0/24", "198.51.100.7"]).name == "b13c32474231721578dbe887c22844f1")
        // More than one block of the hash.
        let many = try Self.list(.ipv6, (0..<100).map { "2001:db8:\($0)::/64" })
        #expect(many.name == "43b5b326f6b6c9de92de613a303f978a")
    }

    @Test func whatIsTheSameIsOneList() throws {
        let lists = try [
            ["10.0.0.0/8", "192.0.2.0/25", "192.0.2.128/25"], ["192.0.2.0/24", "10.0.0.0/8"],
            ["10.0.0.0/9", "10.128.0.0/9", "10.1.2.3", "192.0.2.0/24", "2001:db8::/32"],
        ].map { try Self.list(.ipv4, $0) }
        #expect(Set(lists).count == 1 && lists[2].ranges.count == 2)
        #expect(try Self.list(.ipv4, ["10.0.0.0/8"]) != lists[0])
        #expect(try Self.list(.ipv6, []) != Self.list(.ipv4, []))
    }

    @Test func theWholeOfAFamilyIsOneRange() throws {
        #expect(try Self.list(.ipv4, ["0.0.0.0/1", "128.0.0.0/1"]).ranges.count == 1)
        #expect(try Self.list(.ipv6, ["::/0", "ffff::/16"]).ranges.count == 1)
    }

    @Test func itContainsWhatItsRangesDo() throws {
        let list = try Self.list(.ipv4, ["10.0.0.0/8", "192.0.2.7"])
        #expect(try ["10.0.0.0", "10.255.255.255", "192.0.2.7"].allSatisfy { list.contains(try Samples.address($0)) })
        #expect(
            try ["9.255.255.255", "11.0.0.0", "192.0.2.6", "::ffff:10.0.0.1", "::a00:1"]
                .allSatisfy { !list.contains(try Samples.address($0)) })
    }
}
