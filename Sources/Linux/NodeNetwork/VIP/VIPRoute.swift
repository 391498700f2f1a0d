/// What makes a route one of ours: local, on the loopback device, and with a protocol number that nobody else has.
package enum VIPRoute {
    /// The origin of a route (`rtm_protocol`); the kernel keeps it and gives it no meaning.
    package static let protocolNumber: UInt8 = 218
    /// The metric (`RTA_PRIORITY`): with one of their own, our routes never meet another's of the same network.
    static let metric: UInt32 = 218
}
