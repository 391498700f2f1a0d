internal import CNetlink

/// A channel's requests and answers in one generic netlink family: commands instead of heads.
package struct GenericNetlinkChannel {
    private let channel: NetlinkChannel
    private let family: UInt16
    private let version: UInt8

    /// - Parameters:
    ///   - family: The family's number.
    ///   - sendCapacity: Bytes of one datagram out.
    package init(
        transport: any NetlinkTransport, family: UInt16, version: UInt8,
        sendCapacity: Int = NetlinkChannel.defaultSendCapacity
    ) {
        channel = NetlinkChannel(transport: transport, sendCapacity: sendCapacity)
        self.family = family
        self.version = version
    }

    /// Collects a dump: `reduce` sees the attributes of each message. See ``NetlinkChannel/dump(_:_:initial:request:reduce:)``.
    package func dump<Value>(
        _ operation: String, command: UInt8, initial: Value,
        request: (inout MessageBuilder) -> Void = { _ in },
        reduce: (inout Value, inout AttributeCursor) throws(NetlinkError) -> Void
    ) throws(NetlinkError) -> Value {
        try channel.dump(operation, head(command), initial: initial, request: request) {
            (value, message) throws(NetlinkError) in
            var attributes = try message.attributes(after: Self.headerLength)
            try reduce(&value, &attributes)
        }
    }

    /// Asks for one message, which comes alone: an error takes its place.
    package func get<Value>(
        _ operation: String, command: UInt8, initial: Value,
        request: (inout MessageBuilder) -> Void = { _ in },
        reduce: (inout Value, inout AttributeCursor) throws(NetlinkError) -> Void
    ) throws(NetlinkError) -> Value {
        try channel.get(operation, head(command), initial: initial, request: request) {
            (value, message) throws(NetlinkError) in
            var attributes = try message.attributes(after: Self.headerLength)
            try reduce(&value, &attributes)
        }
    }

    /// Sends `count` messages in as few datagrams as possible. See ``NetlinkChannel/sendBatch(_:count:head:message:)``.
    ///
    /// - Parameter message: Writes the attributes of the message with that index.
    package func sendBatch(
        _ operation: String, count: Int, command: (Int) -> UInt8, message: (Int, inout MessageBuilder) -> Void
    ) throws(NetlinkError) -> [BatchFailure] {
        try channel.sendBatch(operation, count: count, head: { head(command($0)) }, message: message)
    }

    private static let headerLength = MemoryLayout<genlmsghdr>.size

    private func head(_ command: UInt8) -> MessageHead {
        MessageHead(type: family, header: genlmsghdr(cmd: command, version: version, reserved: 0))
    }
}
