import LoadBalancing

/// Networks, each as often as somebody has it, with a fast answer to which of them an address lies in.
struct NetworkTally: Hashable, Sendable {
    private var counts: [IPPrefix: Int] = [:]
    /// How many of them have a length, by family: mostly all have the same.
    private var lengths: [AddressFamily: [Int: Int]] = [:]

    var isEmpty: Bool { counts.isEmpty }

    /// The widest of them that holds the address.
    func network(of address: IPAddress) -> IPPrefix? {
        guard let lengths = lengths[address.family] else { return nil }
        for length in lengths.keys.sorted() {
            if let network = IPPrefix(address, length: length), counts[network] != nil { return network }
        }
        return nil
    }

    /// Takes some in the place of others.
    ///
    /// - Returns: Those that have come or gone by it.
    mutating func replace(_ previous: [IPPrefix], with next: [IPPrefix]) -> [IPPrefix] {
        var touched: [IPPrefix: Bool] = [:]
        for network in previous + next { touched[network] = counts[network] != nil }
        for network in next { add(network, 1) }
        for network in previous { add(network, -1) }
        return touched.filter { (counts[$0.key] != nil) != $0.value }.map(\.key)
    }

    private mutating func add(_ network: IPPrefix, _ number: Int) {
        let count = (counts[network] ?? 0) + number
        counts[network] = count == 0 ? nil : count
        let length = lengths[network.address.family, default: [:]][network.length, default: 0] + number
        lengths[network.address.family, default: [:]][network.length] = length == 0 ? nil : length
        if lengths[network.address.family]?.isEmpty == true { lengths[network.address.family] = nil }
    }
}
