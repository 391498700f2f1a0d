/// The options of ipvsadm that its dumps are made of; the raw value is the long name.
enum IpvsadmOption: String, CaseIterable {
    case addService = "add-service"
    case addServer = "add-server"
    case tcpService = "tcp-service"
    case udpService = "udp-service"
    case sctpService = "sctp-service"
    case fwmarkService = "fwmark-service"
    case ipv6
    case scheduler
    case persistent
    case netmask
    case persistenceEngine = "pe"
    case onePacket = "ops"
    case schedulerFlags = "sched-flags"
    case realServer = "real-server"
    case gatewaying
    case masquerading
    case ipip
    case weight
    case upperThreshold = "u-threshold"
    case lowerThreshold = "l-threshold"
    case tunnelType = "tun-type"
    case tunnelPort = "tun-port"
    case tunnelNoChecksum = "tun-nocsum"
    case tunnelChecksum = "tun-csum"
    case tunnelRemoteChecksum = "tun-remcsum"
    case numeric

    enum Argument {
        case none, optional, required
    }

    /// The short name, if there is one.
    var letter: Character? {
        switch self {
        case .addService: "A"
        case .addServer: "a"
        case .tcpService: "t"
        case .udpService: "u"
        case .fwmarkService: "f"
        case .ipv6: "6"
        case .scheduler: "s"
        case .persistent: "p"
        case .netmask: "M"
        case .onePacket: "o"
        case .schedulerFlags: "b"
        case .realServer: "r"
        case .gatewaying: "g"
        case .masquerading: "m"
        case .ipip: "i"
        case .weight: "w"
        case .upperThreshold: "x"
        case .lowerThreshold: "y"
        case .numeric: "n"
        case .sctpService, .persistenceEngine, .tunnelType, .tunnelPort, .tunnelNoChecksum, .tunnelChecksum,
            .tunnelRemoteChecksum:
            nil
        }
    }

    var argument: Argument {
        switch self {
        case .addService, .addServer, .ipv6, .onePacket, .gatewaying, .masquerading, .ipip, .tunnelNoChecksum,
            .tunnelChecksum, .tunnelRemoteChecksum, .numeric:
            .none
        case .persistent: .optional
        default: .required
        }
    }

    /// As a message names it: `-t`, or `--pe` without a short name.
    var name: String { letter.map { "-\($0)" } ?? "--\(rawValue)" }
}
