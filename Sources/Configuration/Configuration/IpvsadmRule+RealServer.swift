import LoadBalancing

extension IpvsadmRule {
    /// The endpoint that a line names for a real server of a virtual server; its port may be another.
    ///
    /// - Returns: Whether the line writes the port too.
    func realServerAddress(under key: VirtualServerKey) throws(Complaint) -> (endpoint: Endpoint, hasPort: Bool) {
        guard let text = self[.realServer] else {
            throw Complaint(field: "-r", problem: "no real server", remedy: "write -r with its address and port")
        }
        let (address, port) = try IpvsadmAddress.parse(text, key.transportProtocol)
        return (Endpoint(address, port: port ?? key.port), port != nil)
    }

    /// The real server that an `-a` line adds, or that an `-e` line makes of it.
    ///
    /// Direct routing and tunnels have the virtual server's port, whatever the line says: so `ipvsadm -R` has it.
    func realServer(under key: VirtualServerKey) throws(Complaint) -> RealServer {
        if let option = IpvsadmOption.ofVirtualServers.first(where: has) {
            throw Complaint(field: option.name, problem: "\(option.name) is not for -a", remedy: "use it with -A")
        }
        let (written, _) = try realServerAddress(under: key)
        let forwarding = try forwarding()
        let keepsPort = key.transportProtocol != nil && !forwarding.translatesPort
        return RealServer(
            Endpoint(written.address, port: keepsPort ? key.port : written.port), forwarding: forwarding,
            weight: try number(.weight, 0...RealServer.maximumWeight) ?? 1,
            upperThreshold: try number(.upperThreshold, 0...UInt32.max) ?? 0,
            lowerThreshold: try number(.lowerThreshold, 0...UInt32.max) ?? 0)
    }

    private func forwarding() throws(Complaint) -> ForwardingMethod {
        let method = try only(of: [.gatewaying, .masquerading, .ipip])
        guard method == .ipip else {
            if let option = IpvsadmOption.ofTunnels.first(where: has) {
                throw Complaint(field: option.name, problem: "\(option.name) without -i", remedy: "add -i")
            }
            return method == .masquerading ? .masquerade : .direct
        }
        return .tunnel(try tunnel())
    }

    private func tunnel() throws(Complaint) -> Tunnel {
        guard let type = TunnelType(rawValue: self[.tunnelType] ?? "ipip") else {
            throw Complaint(
                field: "--tun-type", problem: "`\(self[.tunnelType] ?? "")` is no encapsulation",
                remedy: "write \(TunnelType.allCases.map(\.rawValue).alternatives)")
        }
        let checksum = try checksum()
        if type != .gue, has(.tunnelPort) || checksum == .remote {
            throw Complaint(
                field: "--tun-type", problem: "--tun-port and --tun-remcsum are only for gue", remedy: "leave them out")
        }
        switch type {
        case .gue:
            guard let port = try number(.tunnelPort, 1...65535) else {
                throw Complaint(field: "--tun-port", problem: "gue needs a port", remedy: "add --tun-port 6080")
            }
            return .gue(port: UInt16(port), checksum: checksum ?? .none)
        case .gre: return .gre(checksum: checksum ?? .none)
        case .ipip:
            guard checksum == nil else {
                throw Complaint(
                    field: "--tun-type", problem: "a checksum is only for gue and gre", remedy: "leave it out")
            }
            return .ipip
        }
    }

    private func checksum() throws(Complaint) -> TunnelChecksum? {
        switch try only(of: [.tunnelNoChecksum, .tunnelChecksum, .tunnelRemoteChecksum]) {
        case .tunnelNoChecksum: TunnelChecksum.none
        case .tunnelChecksum: .full
        case .tunnelRemoteChecksum: .remote
        default: nil
        }
    }
}

extension IpvsadmOption {
    /// Those that go with `-A` alone.
    static let ofVirtualServers: [IpvsadmOption] = [
        .scheduler, .persistent, .netmask, .persistenceEngine, .onePacket, .schedulerFlags,
    ]

    /// Those that go with `-i` alone.
    static let ofTunnels: [IpvsadmOption] = [
        .tunnelType, .tunnelPort, .tunnelNoChecksum, .tunnelChecksum, .tunnelRemoteChecksum,
    ]

    /// Those that go with `-A` or `-a`.
    static let ofServers = services + [.ipv6] + ofVirtualServers + ofRealServers

    /// Those that go with `--start-daemon` alone.
    static let ofDaemons: [IpvsadmOption] = [
        .daemonInterface, .syncID, .daemonGroup, .daemonPort, .daemonTimeToLive, .daemonLength,
    ]

    /// Those that go with `-a` alone.
    static let ofRealServers: [IpvsadmOption] =
        [.realServer, .gatewaying, .masquerading, .ipip, .weight, .upperThreshold, .lowerThreshold] + ofTunnels
}
