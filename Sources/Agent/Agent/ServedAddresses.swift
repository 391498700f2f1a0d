internal import LoadBalancing

/// The addresses of a row of changes, in the order in which the last change of their virtual servers is made.
struct ServedAddresses {
    private let order: [(end: Int, address: IPAddress)]
    private var told = 0

    /// - Parameter keys: The virtual server of each change, or of the real server that it is about.
    init(_ keys: some Collection<VirtualServerKey?>) {
        var ends: [IPAddress: Int] = [:]
        // The changes of one virtual server mostly stand together.
        var previous: (key: VirtualServerKey?, end: Int) = (nil, 0)
        func take() {
            if case .endpoint(_, let endpoint) = previous.key { ends[endpoint.address] = previous.end }
        }
        for (index, key) in keys.enumerated() {
            if key != previous.key { take() }
            previous = (key, index + 1)
        }
        take()
        order = ends.map { (end: $0.value, address: $0.key) }.sorted { $0.end < $1.end }
    }

    /// Those that have got everything with the first changes, but for those that have been told of.
    mutating func next(afterFirst count: Int) -> [IPAddress] {
        let first = told
        while told < order.count, order[told].end <= count { told += 1 }
        return order[first..<told].map(\.address)
    }
}
