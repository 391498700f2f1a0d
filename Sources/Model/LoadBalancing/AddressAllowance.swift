/// Which addresses Services may ask for in one of their fields, as far as the node's configuration says.
package enum AddressAllowance: Hashable, Sendable {
    /// Every one that no Service is refused anyway.
    case any
    case none
    /// Those in the networks; a namespace that is named has its own list in their place.
    case networks([IPPrefix], namespaces: [String: [IPPrefix]] = [:])

    /// Whether Services of the namespace may take the address.
    package func allows(_ address: IPAddress, namespace: String) -> Bool {
        switch self {
        case .any: true
        case .none: false
        case .networks(let networks, let namespaces):
            (namespaces[namespace] ?? networks).contains { $0.contains(address) }
        }
    }
}
