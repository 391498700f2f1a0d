/// A virtual server as a listing of the whole table shows it.
///
/// A listing does not tell the address family of a firewall mark: the key of one always says IPv4 here.
package struct ListedVirtualServer: Hashable, Sendable {
    package let key: VirtualServerKey
    package var fingerprint: ListingFingerprint
    /// How many real servers it has.
    package var realServers: Int

    package init(key: VirtualServerKey, fingerprint: ListingFingerprint, realServers: Int = 0) {
        self.key = key
        self.fingerprint = fingerprint
        self.realServers = realServers
    }
}

extension ListedVirtualServer {
    /// How a listing would show a virtual server that was looked at.
    package init(_ observed: ObservedVirtualServer) {
        let key: VirtualServerKey =
            switch observed.key {
            case .firewallMark(let mark, _): .firewallMark(mark, .ipv4)
            case .endpoint, .otherProtocol: observed.key
            }
        self.init(key: key, fingerprint: ListingFingerprint(observed), realServers: observed.realServers.count)
    }
}
