/// An integer that travels in network byte order, so that no call site can forget to swap it.
package struct NetworkOrder<Value: FixedWidthInteger & Sendable>: Sendable {
    /// The value in host byte order.
    package let value: Value

    package init(_ value: Value) { self.value = value }
}
