internal import CNetlink
internal import LoadBalancing
internal import Netlink

/// The commands of the family (`IPVS_CMD_*` in `<linux/ip_vs.h>`).
enum Command: UInt8 {
    case newService = 1
    case setService = 2
    case deleteService = 3
    case getService = 4
    case newDestination = 5
    case setDestination = 6
    case deleteDestination = 7
    case getDestination = 8
    case newDaemon = 9
    case deleteDaemon = 10
    case getDaemon = 11
    case setConfig = 12
    case getConfig = 13
    case getInformation = 15
    case zero = 16
    case flush = 17
}

extension TableOperation {
    /// The command that carries it out; of two, the last.
    var command: Command {
        switch self {
        case .addVirtualServer: .newService
        case .editVirtualServer: .setService
        case .removeVirtualServer: .deleteService
        case .addRealServer, .moveRealServer: .newDestination
        case .editRealServer: .setDestination
        case .removeRealServer: .deleteDestination
        case .setTimeouts: .setConfig
        case .startSyncDaemon: .newDaemon
        case .stopSyncDaemon: .deleteDaemon
        }
    }
}

extension MessageBuilder {
    /// Writes the attributes of an operation.
    mutating func put(_ operation: TableOperation) {
        switch operation {
        case .addVirtualServer(let virtualServer):
            putService(virtualServer, changing: .max)
        case .editVirtualServer(let virtualServer):
            putService(virtualServer, changing: VirtualServer.knownFlags)
        case .removeVirtualServer(let key):
            putService(key)
        case .addRealServer(let realServer, let key), .editRealServer(let realServer, let key),
            .moveRealServer(let realServer, let key):
            putService(key)
            putDestination(realServer)
        case .removeRealServer(let endpoint, let key):
            putService(key)
            putDestination(endpoint)
        case .setTimeouts(let timeouts):
            if let seconds = timeouts.tcp { put(IPVS_CMD_ATTR_TIMEOUT_TCP, seconds) }
            if let seconds = timeouts.tcpFin { put(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, seconds) }
            if let seconds = timeouts.udp { put(IPVS_CMD_ATTR_TIMEOUT_UDP, seconds) }
        case .startSyncDaemon(let daemon):
            putDaemon(daemon)
        case .stopSyncDaemon(let daemon):
            putDaemon(daemon.role)
        }
    }
}
