/// The options of ipvsadm that rules are made of; the raw value is the long name.
enum IpvsadmOption: String, CaseIterable {
    case addService = "add-service"
    case addServer = "add-server"
    case editService = "edit-service"
    case editServer = "edit-server"
    case deleteService = "delete-service"
    case deleteServer = "delete-server"
    case clear
    case set
    case startDaemon = "start-daemon"
    case stopDaemon = "stop-daemon"
    case list
    case zero
    case tcpService = "tcp-service"
    case udpService = "udp-service"
    case sctpService = "sctp-service"
    case fwmarkService = "fwmark-service"
    /// What `ipvsadm -S` writes for a protocol that it has no option for.
    case unknownService = "xxx-service"
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
    case daemonInterface = "mcast-interface"
    case syncID = "syncid"
    case daemonGroup = "mcast-group"
    case daemonPort = "mcast-port"
    case daemonTimeToLive = "mcast-ttl"
    case daemonLength = "sync-maxlen"

    enum Argument {
        case none, optional, required
    }

    /// The short name, if there is one.
    var letter: Character? {
        switch self {
        case .addService: "A"
        case .addServer: "a"
        case .editService: "E"
        case .editServer: "e"
        case .deleteService: "D"
        case .deleteServer: "d"
        case .clear: "C"
        case .list: "L"
        case .zero: "Z"
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
        default: nil
        }
    }

    var argument: Argument {
        switch self {
        case .addService, .addServer, .editService, .editServer, .deleteService, .deleteServer, .clear, .set, .list,
            .zero, .ipv6, .onePacket, .gatewaying, .masquerading, .ipip, .tunnelNoChecksum, .tunnelChecksum,
            .tunnelRemoteChecksum, .numeric:
            .none
        case .persistent: .optional
        default: .required
        }
    }

    /// The commands, one of which a rule has.
    static let commands: [Self] = [
        .addService, .addServer, .editService, .editServer, .deleteService, .deleteServer, .clear, .set, .startDaemon,
        .stopDaemon, .list, .zero,
    ]

    /// Those that name a virtual server.
    static let services: [Self] = [.tcpService, .udpService, .sctpService, .fwmarkService, .unknownService]

    /// As a message names it: `-t`, or `--pe` without a short name.
    var name: String { letter.map { "-\($0)" } ?? "--\(rawValue)" }
}
