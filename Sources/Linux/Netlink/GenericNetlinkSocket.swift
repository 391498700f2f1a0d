/// The kernel's generic netlink, whose families have numbers that the kernel gives them.
package final class GenericNetlinkSocket: NetlinkSocket {
    /// Opens a socket in the calling process's network namespace.
    ///
    /// - Parameters:
    ///   - receiveBufferSize: Bytes of answers that the kernel may queue; beyond, answers are lost.
    ///   - timeLimitSeconds: How long one answer may take.
    package init(receiveBufferSize: Int32 = 8 << 20, timeLimitSeconds: Int = 10) throws(NetlinkError) {
        try super.init(.generic, receiveBufferSize: receiveBufferSize, timeLimitSeconds: timeLimitSeconds)
    }

    /// The number of a family in this kernel; asking may load the module.
    package static func resolveFamily(_ name: String) throws(NetlinkError) -> UInt16 {
        let family = GenericNetlinkFamily(name, version: 1, module: "") { false }
        return try GenericNetlinkChannel(transport: try GenericNetlinkSocket(), family: family).resolve()
    }
}
