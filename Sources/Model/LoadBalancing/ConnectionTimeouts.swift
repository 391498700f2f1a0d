/// The namespace's connection timeouts in seconds; `nil` leaves that one as it is (`IPVS_CMD_SET_CONFIG`).
package struct ConnectionTimeouts: Hashable, Sendable {
    /// Established TCP connections; the kernel boots with 900.
    package var tcp: UInt32?
    /// TCP connections after a FIN; the kernel boots with 120.
    package var tcpFin: UInt32?
    /// UDP "connections"; the kernel boots with 300.
    package var udp: UInt32?

    package init(tcp: UInt32? = nil, tcpFin: UInt32? = nil, udp: UInt32? = nil) {
        self.tcp = tcp
        self.tcpFin = tcpFin
        self.udp = udp
    }

    /// The largest value that the kernel takes: `INT_MAX / HZ`, with the largest HZ there is.
    package static let maximum: UInt32 = 2_147_483_647 / 1000
}
