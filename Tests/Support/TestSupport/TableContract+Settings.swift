import Glibc
import LoadBalancing

extension TableContract {
    static var settingCases: [TableContract] {
        [
            TableContract(name: "timeouts left out keep their value") { table in
                try table.equal(try table.state().timeouts, ConnectionTimeouts(tcp: 900, tcpFin: 120, udp: 300))
                try table.apply([.setTimeouts(ConnectionTimeouts(tcpFin: 30))])
                try table.equal(try table.state().timeouts, ConnectionTimeouts(tcp: 900, tcpFin: 30, udp: 300))
                try table.apply([.setTimeouts(ConnectionTimeouts(tcp: 7200, udp: 10))])
                try table.equal(try table.state().timeouts, ConnectionTimeouts(tcp: 7200, tcpFin: 30, udp: 10))
            },
            TableContract(name: "sync daemons run and end") { table in
                let master = SyncDaemon(
                    role: .master, interface: "lo", syncID: 7, maximumLength: 1_400,
                    group: IPAddress(v4: 0xE000_0052), port: 8_849, timeToLive: 2)
                let backup = SyncDaemon(role: .backup, interface: "lo", syncID: 255)
                try table.apply([.startSyncDaemon(backup), .startSyncDaemon(master)])
                let running = try table.state().syncDaemons
                try table.equal(running.map(\.role), [.master, .backup])
                try table.equal(running.first, master)
                try table.equal(running.last.map(backup.isSatisfied), true)
                // A daemon that is stopped before its thread first ran gets no answer at all: kthread_stop() returns
                // EINTR then, which netlink takes for a request to be restarted.
                usleep(200_000)
                try table.apply([.stopSyncDaemon(master), .stopSyncDaemon(backup)])
                try table.equal(try table.state().syncDaemons, [])
            },
            TableContract(name: "sync daemons that cannot be") { table in
                let daemon = SyncDaemon(role: .master, interface: "lo")
                try table.apply(
                    [
                        .stopSyncDaemon(daemon), .startSyncDaemon(SyncDaemon(role: .master, interface: "nosuch0")),
                        .startSyncDaemon(daemon), .startSyncDaemon(daemon),
                    ], refused: [0: 3, 1: 19, 3: 17])
            },
        ]
    }
}
