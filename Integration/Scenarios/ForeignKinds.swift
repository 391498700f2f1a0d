import LoadBalancing

/// Virtual servers that other programs leave in the kernel and that nobody can declare, or not as they stand.
struct ForeignKind {
    let name: String
    let service: RawService
    var destinations: [RawDestination] = []
    /// What `show` writes of it.
    let shown: [String]
    /// Whether a declaration can be made of it.
    var canBeDeclared = false

    /// Each with an address of its own.
    static let all: [ForeignKind] = protocols + settings + methods

    private static func address(_ number: UInt32) -> IPAddress { IPAddress(v4: 0xC633_6500 + number) }
    private static let v6 = IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 0x77)
    private static let server = RawDestination(IPAddress(v4: 0x0A01_0001))

    private static let protocols: [ForeignKind] =
        ([0, 1, 2, 4, 41, 47, 50, 51, 58, 255, 256, 65535] as [UInt16]).enumerated().map { index, number in
            let address = address(UInt32(1 + index))
            return ForeignKind(
                name: "protocol \(number)", service: RawService(address, protocolNumber: number),
                destinations: [server],
                shown: ["protocol-\(number) \(address):80"])
        } + [
            ForeignKind(
                name: "protocol 47 of IPv6", service: RawService(v6, protocolNumber: 47, port: 0).with { $0.flags = 1 },
                destinations: [RawDestination(IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1), port: 0)],
                shown: ["protocol-47 [2001:db8::77]:0"])
        ]

    private static let settings: [ForeignKind] = [
        ForeignKind(
            name: "flags without a name", service: RawService(address(40)).with { $0.flags = 0xFFFF_FFC0 },
            shown: ["tcp 198.51.101.40:80", "flags 0xffffffc0"], canBeDeclared: true),
        ForeignKind(
            name: "one packet over TCP", service: RawService(address(41)).with { $0.flags = 4 },
            shown: ["tcp 198.51.101.41:80", "one-packet"]),
        ForeignKind(
            name: "persistence for ever",
            service: RawService(address(42)).with { ($0.flags, $0.timeout) = (1, 40_000_000) },
            shown: ["tcp 198.51.101.42:80"]),
        ForeignKind(
            name: "persistence of no time", service: RawService(address(43)).with { ($0.flags, $0.timeout) = (1, 0) },
            shown: ["tcp 198.51.101.43:80"]),
        ForeignKind(
            name: "a multicast address", service: RawService(IPAddress(v4: 0xE000_0009), protocolNumber: 17),
            shown: ["udp 224.0.0.9:80"]),
        ForeignKind(
            name: "no address", service: RawService(IPAddress(v4: 0)), shown: ["tcp 0.0.0.0:80"]),
        ForeignKind(
            name: "no scheduler", service: RawService(address(44)).with { $0.scheduler = "none" },
            shown: ["tcp 198.51.101.44:80", "none"], canBeDeclared: true),
        ForeignKind(
            name: "an engine without persistence",
            service: RawService(address(45), protocolNumber: 17).with { $0.engine = "sip" },
            shown: ["udp 198.51.101.45:80", "- sip"], canBeDeclared: true),
    ]

    private static let methods: [ForeignKind] =
        ([4, 5, 6, 7] as [UInt32]).map { method in
            let address = address(60 + method)
            return ForeignKind(
                name: "forwarding method \(method)", service: RawService(address),
                destinations: [RawDestination(server.address) { $0.method = method }],
                shown: ["tcp \(address):80", method == 4 ? "bypass" : "method-\(method)"])
        } + [
            ForeignKind(
                name: "a local real server", service: RawService(address(70)),
                destinations: [RawDestination(server.address, port: 81) { $0.method = 1 }],
                shown: ["tcp 198.51.101.70:80", "local"], canBeDeclared: true),
            ForeignKind(
                name: "tunnel types", service: RawService(address(71)),
                destinations: ([3, 9, 255] as [UInt8]).map { type in
                    RawDestination(IPAddress(v4: 0x0A01_0000 + UInt32(type))) {
                        ($0.method, $0.tunnelType, $0.tunnelPort) = (2, type, 7)
                    }
                }, shown: ["tcp 198.51.101.71:80", "tunnel type-3:7 flags 0x0", "tunnel type-255:7"]),
            ForeignKind(
                name: "tunnel flags", service: RawService(address(72)),
                destinations: [
                    RawDestination(server.address) {
                        ($0.method, $0.tunnelType, $0.tunnelPort, $0.tunnelFlags) = (2, 1, 6080, 3)
                    },
                    RawDestination(IPAddress(v4: 0x0A01_0002)) {
                        ($0.method, $0.tunnelType, $0.tunnelFlags) = (2, 2, 0x8000)
                    },
                ], shown: ["tcp 198.51.101.72:80", "tunnel type-1:6080 flags 0x3", "tunnel type-2:0 flags 0x8000"]),
            ForeignKind(
                name: "direct routing to another port", service: RawService(address(73)),
                destinations: [RawDestination(server.address, port: 81) { $0.method = 3 }],
                shown: ["tcp 198.51.101.73:80", "10.1.0.1:81"]),
            ForeignKind(
                name: "a tunnel of a masqueraded real server", service: RawService(address(74)),
                destinations: [
                    RawDestination(server.address) { ($0.tunnelType, $0.tunnelPort, $0.tunnelFlags) = (9, 9, 9) }
                ], shown: ["tcp 198.51.101.74:80", "masquerade"], canBeDeclared: true),
        ]
}
