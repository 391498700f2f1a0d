import KubernetesObjects
import LoadBalancing

/// Endpoints of a Service that are left out, by the reason; no one vanishes without a word.
struct LeftEndpoints {
    var refused: [AddressRefusal: [IPAddress]] = [:]
    /// Texts that are no addresses.
    var unreadable: [String] = []
    /// Not of their slice's family.
    var strangers: [String] = []
    /// How many have no address.
    var missing = 0
    /// Addresses beside the first one of an endpoint.
    var others: [AddressSample] = []
    /// The names of slices of host names.
    var nameSlices: [String] = []
    /// Those of families that the Service has not.
    var otherFamilies: [AddressFamily: [IPAddress]] = [:]
    /// The names of ports without a number.
    var portless: [String] = []

    /// One for each reason.
    var messages: [String] {
        var messages = refused.sorted { $0.key.description < $1.key.description }.map { refusal, addresses in
            "endpoint \(Set(addresses).sorted().map(\.description).firstFew()) is refused: \(refusal.description)"
        }
        func add(_ texts: [String], of count: Int? = nil, _ before: String, _ after: String) {
            if !texts.isEmpty { messages.append("\(before) \(texts.firstFew(of: count)) \(after)") }
        }
        add(unreadable, "endpoint", "is no address and is left out")
        add(strangers, "endpoint", "is not of its slice's addressType and is left out")
        if missing > 0 { messages.append("endpoints without an address are left out: \(missing)") }
        add(
            others.flatMap(\.first), of: others.reduce(0) { $0 + $1.count }, "endpoint address",
            "is left out: only the first one of an endpoint counts")
        add(nameSlices, "EndpointSlice", "is left out: its addressType FQDN is for no proxy")
        for (family, addresses) in otherFamilies.sorted(by: { $0.key < $1.key }) {
            add(
                addresses.prefix(3).map(\.description), of: addresses.count, "endpoint",
                "is left out: the Service has no \(family.label) cluster IP")
        }
        add(portless, "port", "of its endpoints has no number and is left out")
        return messages
    }
}
