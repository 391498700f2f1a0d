internal import LoadBalancing
package import Reconcile

/// How much of the kernel's table is whose.
package struct TableCounts: Hashable, Sendable {
    package private(set) var ours = Counts()
    package private(set) var foreign = Counts()

    /// How many there are.
    package struct Counts: Hashable, Sendable {
        package var virtualServers = 0
        package var realServers = 0
    }

    package init() {}

    init(_ observed: [ObservedVirtualServer], isOurs: (VirtualServerKey) -> Bool) {
        for server in observed { add(server.realServers.count, isOurs: isOurs(server.key)) }
    }

    init(_ listing: [ListedVirtualServer], isOurs: (VirtualServerKey) -> Bool) {
        for server in listing {
            if case .firewallMark(let mark, _) = server.key {
                add(server.realServers, isOurs: isOurs(server.key) || isOurs(.firewallMark(mark, .ipv6)))
            } else {
                add(server.realServers, isOurs: isOurs(server.key))
            }
        }
    }

    /// Counts changes of ours in.
    package mutating func add(_ changes: [Change]) {
        for change in changes {
            switch change.operation {
            case .addVirtualServer: ours.virtualServers += 1
            case .removeVirtualServer:
                ours.virtualServers -= 1
                ours.realServers -= change.droppedRealServers.count
            case .addRealServer: ours.realServers += 1
            case .removeRealServer: ours.realServers -= 1
            case .editVirtualServer, .editRealServer, .moveRealServer, .setTimeouts, .startSyncDaemon, .stopSyncDaemon:
                break
            }
        }
    }

    private mutating func add(_ realServers: Int, isOurs: Bool) {
        let path = isOurs ? \Self.ours : \Self.foreign
        self[keyPath: path].virtualServers += 1
        self[keyPath: path].realServers += realServers
    }
}
