package import LoadBalancing

/// A device that somebody else has made, with its addresses.
package struct OtherDevice: Hashable, Sendable {
    package let name: String
    /// Whether it carries no packets, as devices do that are there for their addresses alone.
    package let isDummy: Bool
    /// All but IPv6 link-local ones.
    package let addresses: Set<IPAddress>

    package init(name: String, isDummy: Bool, addresses: Set<IPAddress>) {
        self.name = name
        self.isDummy = isDummy
        self.addresses = addresses
    }
}
