import KubernetesObjects

/// What the objects of a collection have in common, each kept once: the nodes, zones and ports of 500,000 endpoints are
/// few, and every text comes by itself.
struct SharedTexts: Sendable {
    private var texts: Set<String> = []
    private var lists: Set<[String]> = []
    private var ports: Set<[EndpointPort]> = []

    /// Of each of the three; more are not what many have in common, and are forgotten.
    static let capacity = 20_000
    /// The longest text that is kept, in bytes: a DNS name's.
    private static let longest = 253
    /// The longest list that is kept.
    private static let mostEntries = 16
    /// A text of so many bytes takes no memory of its own.
    private static let inline = 15

    mutating func share(_ object: inout KubernetesObject) {
        guard case .endpointSlice(var slice) = object else { return }
        // The slice is held here alone, so that changing it copies nothing.
        object = .other(kind: "")
        share(&slice.metadata.namespace)
        share(&slice.ports)
        for index in slice.endpoints.indices {
            share(&slice.endpoints[index].nodeName)
            share(&slice.endpoints[index].zoneHints)
            share(&slice.endpoints[index].nodeHints)
        }
        object = .endpointSlice(slice)
    }

    private mutating func share(_ text: inout String) {
        guard (Self.inline + 1...Self.longest).contains(text.utf8.count) else { return }
        text = Self.shared(text, &texts)
    }

    private mutating func share(_ list: inout [String]?) {
        guard let texts = list, (1...Self.mostEntries).contains(texts.count),
            texts.allSatisfy({ $0.utf8.count <= Self.longest })
        else { return }
        list = Self.shared(texts, &lists)
    }

    private mutating func share(_ list: inout [EndpointPort]) {
        guard (1...Self.mostEntries).contains(list.count),
            list.allSatisfy({ $0.name.utf8.count <= Self.longest })
        else { return }
        list = Self.shared(list, &ports)
    }

    private static func shared<Value: Hashable>(_ value: Value, _ known: inout Set<Value>) -> Value {
        if known.count >= capacity { known = [] }
        return known.insert(value).memberAfterInsert
    }
}
