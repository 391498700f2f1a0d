import LoadBalancing
import Testing

@Suite("Addresses as text")
struct IPAddressTests {
    @Test(
        "Canonical text reads and writes alike",
        arguments: [
            "0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "2001:db8:1:2:3:4:5:6",
            "fe80::1:0:0:1", "::ffff:10.0.0.1", "1:0:0:2::3", "2001:db8:0:1:1:1:1:1", "ff02::1:2",
        ])
    func canonical(text: String) throws {
        #expect(try #require(IPAddress(text)).description == text)
    }

    @Test(
        "Other forms become canonical",
        arguments: [
            ("2001:DB8::1", "2001:db8::1"), ("2001:0db8:0:0:0:0:0:1", "2001:db8::1"), ("0:0:0:0:0:0:0:0", "::"),
            ("1:0:0:0:2:0:0:0", "1::2:0:0:0"), ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"),
            ("1::2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
            ("::FFFF:0a00:0001", "::ffff:10.0.0.1"), ("64:ff9b::10.0.0.1", "64:ff9b::a00:1"),
            ("::1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"),
        ])
    func normalised(text: String, canonical: String) throws {
        #expect(try #require(IPAddress(text)).description == canonical)
    }

    @Test(
        "Everything else is refused",
        arguments: [
            "", ".", "10", "10.0", "10.0.0", "10.0.0.", "10.0.0.1.", "10.0.0.1.2", "256.0.0.1", "010.0.0.1",
            "10.0.0.00",
            "1000.0.0.1", "10.0.0.-1", "10..0.1", "0x0a.0.0.1", " 10.0.0.1", "10.0.0.1 ", "10.0.0.1/24", ":", ":::",
            "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "12345::", "g::",
            "fe80::1%eth0", "2001:db8::1/64", "[::1]", "1:2:3:4:5:6:7:10.0.0.1", "::10.0.0", "::10.0.0.1:1", "web",
            "1:2:3:4:5:6:7::8:9", "1:2:3:4::5:6:7:8", "１.0.0.1", "::10.0.0.01",
        ])
    func refused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("Random addresses come back")
    func random() throws {
        for _ in 0..<2000 {
            let v4 = IPAddress(v4: .random(in: 0...UInt32.max))
            #expect(IPAddress(v4.description) == v4)
            // Masks make runs of zero groups likely.
            let mask = UInt64.random(in: 0...UInt64.max) & UInt64.random(in: 0...UInt64.max)
            let high = UInt64.random(in: 0...UInt64.max) & (mask & 0xFFFF_0000_FFFF_0000)
            let low = UInt64.random(in: 0...UInt64.max) & (Bool.random() ? 0xFFFF : mask)
            let v6 = IPAddress(v6High: high, low: low)
            #expect(IPAddress(v6.description) == v6)
        }
    }

    @Test("Kinds and order")
    func kinds() throws {
        #expect(IPAddress("0.0.0.0")?.isUnspecified == true)
        #expect(IPAddress("::")?.isUnspecified == true)
        #expect(IPAddress("::1")?.isUnspecified == false)
        #expect(IPAddress("224.0.0.81")?.isMulticast == true)
        #expect(IPAddress("240.0.0.1")?.isMulticast == false)
        #expect(IPAddress("ff02::1")?.isMulticast == true)
        #expect(IPAddress("fe80::1")?.isMulticast == false)
        let sorted = try ["9.0.0.1", "10.0.0.1", "::1", "2001:db8::1"].map { try #require(IPAddress($0)) }
        #expect(sorted.reversed().sorted() == sorted)
    }
}

@Suite("Special addresses")
struct SpecialAddressTests {
    @Test(arguments: [
        ("0.0.0.0", SpecialAddress.unspecified), ("::", .unspecified), ("127.0.0.1", .loopback),
        ("127.255.255.255", .loopback), ("::1", .loopback), ("169.254.0.1", .linkLocal),
        ("169.254.169.254", .linkLocal),
        ("fe80::1", .linkLocal), ("febf:ffff::1", .linkLocal), ("224.0.0.1", .multicast), ("239.1.2.3", .multicast),
        ("ff02::1", .multicast), ("255.255.255.255", .broadcast), ("::ffff:10.0.0.1", .mapped), ("::10.0.0.1", .mapped),
        ("10.0.0.1", nil), ("126.255.255.255", nil), ("128.0.0.1", nil), ("169.253.0.1", nil), ("169.255.0.1", nil),
        ("240.0.0.1", nil), ("255.255.255.254", nil), ("fec0::1", nil), ("fd00::1", nil), ("2001:db8::1", nil),
        ("64:ff9b::a00:1", nil), ("::1:0:0:1", nil),
    ]) func isTold(_ text: String, _ expected: SpecialAddress?) throws {
        #expect(try #require(IPAddress(text)).special == expected)
    }

    /// As `ParseIPSloppy` and `ParseCIDRSloppy` of k8s.io/utils/net read them.
    @Test(arguments: [
        ("010.096.001.010", "10.96.1.10"), ("192.168.010.201", "192.168.10.201"), ("0.00.000.01", "0.0.0.1"),
        ("::ffff:203.0.113.7", "203.0.113.7"), ("::FFFF:cb00:7107", "203.0.113.7"), ("2001:db8::1", "2001:db8::1"),
        ("10.96.0.10", "10.96.0.10"),
    ])
    func addressesOfKubernetes(text: String, expected: String) {
        #expect(IPAddress(kubernetes: text)?.description == expected)
    }

    @Test(arguments: [
        "", "10.96.1", "10.96.1.", "10.96..1", "256.0.0.1", "0400.0.0.1", "10.0.0.1/32", "fe80::1%eth0", " 10.0.0.1",
    ])
    func noAddressesOfKubernetes(text: String) { #expect(IPAddress(kubernetes: text) == nil) }

    @Test(arguments: [
        (" 198.051.100.000/24 ", "198.51.100.0/24"), ("010.0.0.0/8", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("fd00:aa::/32", "fd00:aa::/32"), ("192.0.2.1", "192.0.2.1/32"),
    ])
    func networksOfKubernetes(text: String, expected: String) {
        #expect(IPPrefix(kubernetes: text)?.description == expected)
    }
}
