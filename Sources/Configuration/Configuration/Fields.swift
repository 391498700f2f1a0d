import Documents
import LoadBalancing

/// Every field of a configuration file: the reader and the JSON Schema both come from here.
enum Fields {
    // Of a virtual server; most of defaults too.
    static let name = Field(
        "name",
        .text(
            pattern: "^[A-Za-z0-9._/-]{1,253}$", expected: "1 to 253 of A-Z, a-z, 0-9, `.`, `_`, `/` and `-`",
            isValid: isName), "A name for people; the kernel knows only the address or mark.")
    static let address = Field(
        "address", .node(schema: ["type": "string"]),
        "The address and port: `10.0.0.1:80`, `udp 10.0.0.1:53` or `\"[2001:db8::1]:443\"`. "
            + "The port may stand in `port`.")
    static let port = Field(
        "port", .integer(UInt16(0)...65535), "The port, if the address has none; 0 for every port, with persistence.")
    static let transportProtocol = Field(
        "protocol", .choice(TransportProtocol.allCases.map { ($0.description, $0) }),
        "The transport protocol; tcp by default.")
    static let firewallMark = Field(
        "firewallMark", .integer(UInt32(1)...UInt32.max), "The firewall mark to serve, instead of an address.")
    static let family = Field(
        "family", .choice(AddressFamily.allCases.map { ($0.description, $0) }),
        "The family that a firewall mark is for; ipv4 by default.")
    static let scheduler = Field(
        "scheduler",
        .text(
            pattern: #"^\S{1,15}$"#, expected: "the kernel's name for a scheduler, such as \(knownSchedulers)",
            isValid: { isKernelName($0, Scheduler.maximumNameLength) }),
        "The kernel's name for the scheduler; wlc by default. Linux has \(knownSchedulers).")
    static let schedulerFlags = Field(
        "schedulerFlags", .list(of: .node(schema: ["type": "string"])),
        "Flags of the scheduler: sh-fallback, sh-port, mh-fallback, mh-port, or flag-1 to flag-3 for any.")
    static let onePacket = Field(
        "onePacket", .boolean, "Whether each datagram is scheduled on its own; for udp and firewall marks.")
    static let persistence = Field(
        "persistence", .persistence, "How long a client stays with its real server; off by default.")
    static let persistenceEngine = Field(
        "persistenceEngine",
        .text(
            pattern: #"^\S{1,15}$"#, expected: "the kernel's name for a persistence engine, such as sip",
            isValid: { isKernelName($0, VirtualServer.maximumEngineLength) }),
        "The persistence engine of a virtual server without persistence, for connections that its real servers begin.")
    static let drainTimeout = Field(
        "drainTimeout", .duration(0...Settings.maximumDrainTimeout),
        "How long a leaving real server may keep its connections; 0 removes it at once.")
    static let activeWhen = Field(
        "activeWhen", .activation,
        "The address that has to be on a device of this node for the kernel to have the virtual server.")
    static let activeAddress = Field("address", .ipAddress, "The address, as keepalived moves it between nodes.")
    static let realServers = Field(
        "realServers",
        .node(schema: ["type": "array", "items": ["anyOf": [["type": "string"], ObjectShape.realServer.schema]]]),
        "The real servers: an address with a port, an address for the virtual server's port, or a mapping.")

    // Of a real server; of virtual servers and defaults for theirs.
    static let forwarding = Field(
        "forwarding",
        .choice([
            ("masquerade", ForwardingMethod.masquerade), ("direct", ForwardingMethod.direct),
            ("tunnel", ForwardingMethod.tunnel(.ipip)),
        ]), "How packets reach a real server; masquerade by default.")
    static let tunnel = Field("tunnel", .tunnel, "The encapsulation for `forwarding: tunnel`; ipip by default.")
    static let weight = Field(
        "weight", .integer(0...RealServer.maximumWeight),
        "The share of a real server; 1 by default, 0 for no new connections.")
    static let upperThreshold = Field(
        "upperThreshold", .integer(UInt32(0)...UInt32.max),
        "Connections above which a real server gets no more; 0 for no limit.")
    static let lowerThreshold = Field(
        "lowerThreshold", .integer(UInt32(0)...UInt32.max),
        "Connections below which an overloaded real server is used again; 0 for three quarters of the upper one.")

    private static let knownSchedulers = Scheduler.knownNames.listed

    private static func isName(_ text: String) -> Bool { isWord(text, marks: "._/-") }

    /// Whether a text has 1 to 253 letters and digits of ASCII, or of these marks.
    static func isWord(_ text: String, marks: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: marks.utf8.contains(byte)
                }
            }
    }

    /// Whether the kernel can hold the name: not empty, not too long, no spaces or control characters.
    static func isKernelName(_ text: String, _ length: Int) -> Bool {
        (1...length).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
