import LoadBalancing
import Testing

extension IPAddress {
    /// The address of a text that is one.
    static func of(_ text: String) -> IPAddress { parsed(IPAddress(text), text) ?? IPAddress(v4: 0) }
}

extension Endpoint {
    /// The endpoint of a text that is one.
    static func of(_ text: String) -> Endpoint { parsed(Endpoint(text), text) ?? Endpoint(IPAddress(v4: 0), port: 0) }
}

extension IPPrefix {
    /// The network of a text that is one.
    static func of(_ text: String) -> IPPrefix {
        let network = parsed(IPPrefix(text), text)
        return network ?? everything
    }

    /// What stands for a network that is none.
    private static var everything: IPPrefix {
        guard let network = IPPrefix(IPAddress(v4: 0), length: 0) else { preconditionFailure("no length is too long") }
        return network
    }
}

private func parsed<Value>(_ value: Value?, _ text: String) -> Value? {
    if value == nil { Issue.record("not a value: \(text)") }
    return value
}
