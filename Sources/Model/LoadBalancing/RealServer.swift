/// One destination of a virtual server and its settings.
package struct RealServer: Hashable, Sendable {
    package let endpoint: Endpoint
    package var forwarding: ForwardingMethod
    /// 0 takes no new connections. At most ``maximumWeight``.
    package var weight: UInt32
    /// Connections above which no new ones are scheduled here; 0 for no limit.
    package var upperThreshold: UInt32
    /// Connections below which an overloaded real server is used again; 0 for three quarters of the upper one.
    package var lowerThreshold: UInt32

    package init(
        _ endpoint: Endpoint, forwarding: ForwardingMethod = .masquerade, weight: UInt32 = 1,
        upperThreshold: UInt32 = 0,
        lowerThreshold: UInt32 = 0
    ) {
        self.endpoint = endpoint
        self.forwarding = forwarding
        self.weight = weight
        self.upperThreshold = upperThreshold
        self.lowerThreshold = lowerThreshold
    }

    /// The kernel keeps weights as signed 32-bit integers.
    package static let maximumWeight: UInt32 = 2_147_483_647
}
