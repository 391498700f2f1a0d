/// How many connections the kernel tracks, and for how long. What is `nil` is left alone.
package struct ConntrackLimits: Hashable, Sendable {
    /// The least that `nf_conntrack_max` is raised to.
    package var maximum: UInt32?
    /// The same for each processor of the node, where that is more.
    package var maximumPerCore: UInt32?
    /// Seconds that an established TCP connection without packets is tracked.
    package var tcpEstablished: UInt32?
    /// Seconds that a TCP connection which only the other side has closed is tracked.
    package var tcpCloseWait: UInt32?

    /// The longest time, in seconds: the kernel counts ticks, as many as a thousand a second, in 31 bits.
    package static let longestTimeout: UInt32 = 2_147_483

    package init(
        maximum: UInt32? = nil, maximumPerCore: UInt32? = nil, tcpEstablished: UInt32? = nil,
        tcpCloseWait: UInt32? = nil
    ) {
        self.maximum = maximum
        self.maximumPerCore = maximumPerCore
        self.tcpEstablished = tcpEstablished
        self.tcpCloseWait = tcpCloseWait
    }

    /// The least that a node with so many processors shall be able to track.
    package func minimum(cores: Int) -> Int? {
        let scaled = maximumPerCore.map { min(Int($0) * max(cores, 1), Int(Int32.max)) }
        return [maximum.map(Int.init), scaled].compactMap(\.self).max()
    }
}
