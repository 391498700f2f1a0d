/// How the node takes the addresses of Services as its own.
package enum VIPBinding: String, Hashable, Sendable, CaseIterable {
    /// Each address on a device that carries no packets.
    case address
    /// One local route for each whole network; its addresses answer without being anywhere.
    case route
    /// Not at all: somebody else does.
    case none
}
