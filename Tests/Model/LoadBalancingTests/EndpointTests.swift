import LoadBalancing
import Testing

@Suite("Endpoints and keys as text")
struct EndpointTests {
    @Test(
        "Reads what it writes",
        arguments: ["10.0.0.1:80", "10.0.0.1:0", "10.0.0.1:65535", "[2001:db8::1]:443", "[::]:0"])
    func endpoints(text: String) throws {
        #expect(try #require(Endpoint(text)).description == text)
    }

    @Test(
        "Everything else is refused",
        arguments: [
            "", ":", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:+1", "10.0.0.1:http",
            "10.0.0.1:80 ", "[10.0.0.1]:80", "2001:db8::1:443x", "2001:db8::1:443", "[2001:db8::1]", "[2001:db8::1:443",
            "2001:db8::1]:443", "[]:1", "[:1", "]:1", ":80", "10.0.0.1:99999999999999999999",
        ])
    func refused(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test("A port may have leading zeros")
    func leadingZeros() {
        #expect(Endpoint("10.0.0.1:0080")?.port == 80)
    }

    @Test(
        "Keys read what they write",
        arguments: [
            "tcp 10.0.0.1:80", "udp 10.0.0.1:53", "sctp [2001:db8::1]:5060", "fwmark 1", "fwmark 4294967295 ipv6",
        ])
    func keys(text: String) throws {
        #expect(try #require(VirtualServerKey(text)).description == text)
    }

    @Test(
        "No other text is a key",
        arguments: [
            "", "tcp", "10.0.0.1:80", "icmp 10.0.0.1:80", "tcp  10.0.0.1:80", "tcp 10.0.0.1:80 x", "fwmark", "fwmark 0",
            "fwmark -1", "fwmark +1", "fwmark 4294967296", "fwmark 1 ipv4", "fwmark 1 ipv6 x", "fwmark x",
        ])
    func refusedKeys(text: String) {
        #expect(VirtualServerKey(text) == nil)
    }

    @Test("Addresses come before marks; addresses by address, port, protocol; marks by number, family")
    func order() throws {
        let keys = try [
            "tcp 9.0.0.1:80", "tcp 10.0.0.1:53", "udp 10.0.0.1:53", "tcp 10.0.0.1:80", "tcp [2001:db8::1]:53",
            "fwmark 1",
            "fwmark 1 ipv6", "fwmark 2",
        ].map { try #require(VirtualServerKey($0)) }
        #expect(keys.shuffled().sorted() == keys)
    }
}
