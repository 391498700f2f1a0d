internal import CNetlink
internal import Glibc

/// A channel's requests and answers in one generic netlink family: commands instead of heads.
package struct GenericNetlinkChannel {
    private let channel: NetlinkChannel
    private let family: GenericNetlinkFamily

    /// - Parameter sendCapacity: Bytes of one datagram out.
    package init(
        transport: any NetlinkTransport, family: GenericNetlinkFamily,
        sendCapacity: Int = NetlinkChannel.defaultSendCapacity
    ) {
        channel = NetlinkChannel(transport: transport, sendCapacity: sendCapacity)
        self.family = family
    }

    /// - Parameters:
    ///   - family: The family's number, which stays.
    ///   - sendCapacity: Bytes of one datagram out.
    package init(
        transport: any NetlinkTransport, family: UInt16, version: UInt8,
        sendCapacity: Int = NetlinkChannel.defaultSendCapacity
    ) {
        self.init(
            transport: transport, family: GenericNetlinkFamily(fixed: family, version: version),
            sendCapacity: sendCapacity)
    }

    /// Finds the family's number, which may load its module.
    @discardableResult
    package func resolve() throws(NetlinkError) -> UInt16 { try family.resolve(channel) }

    /// Collects a dump: `reduce` sees the attributes of each message. See ``NetlinkChannel/dump(_:_:initial:request:reduce:)``.
    package func dump<Value>(
        _ operation: String, command: UInt8, initial: Value,
        request: (inout MessageBuilder) -> Void = { _ in },
        reduce: (inout Value, inout AttributeCursor) throws(NetlinkError) -> Void
    ) throws(NetlinkError) -> Value {
        try inFamily { number throws(NetlinkError) in
            try channel.dump(operation, head(command, number), initial: initial, request: request) {
                (value, message) throws(NetlinkError) in
                var attributes = try message.attributes(after: Self.headerLength)
                try reduce(&value, &attributes)
            }
        }
    }

    /// Asks for one message, which comes alone: an error takes its place.
    package func get<Value>(
        _ operation: String, command: UInt8, initial: Value,
        request: (inout MessageBuilder) -> Void = { _ in },
        reduce: (inout Value, inout AttributeCursor) throws(NetlinkError) -> Void
    ) throws(NetlinkError) -> Value {
        try inFamily { number throws(NetlinkError) in
            try channel.get(operation, head(command, number), initial: initial, request: request) {
                (value, message) throws(NetlinkError) in
                var attributes = try message.attributes(after: Self.headerLength)
                try reduce(&value, &attributes)
            }
        }
    }

    /// Sends `count` messages in as few datagrams as possible. See ``NetlinkChannel/sendBatch(_:count:head:message:)``.
    ///
    /// - Parameter message: Writes the attributes of the message with that index.
    /// - Throws: ``NetlinkError/Kind/answersLost`` when the family came anew meanwhile: what was carried out went with
    ///   the old one.
    package func sendBatch(
        _ operation: String, count: Int, command: (Int) -> UInt8, message: (Int, inout MessageBuilder) -> Void
    ) throws(NetlinkError) -> [BatchFailure] {
        let number = try family.current(channel)
        let failures = try channel.sendBatch(
            operation, count: count, head: { head(command($0), number) }, message: message)
        guard failures.contains(where: { Self.mayMeanNoFamily($0.errno) }), try family.hasMoved(from: number, channel)
        else { return failures }
        throw NetlinkError(
            .answersLost, operation: operation, message: "the netlink family \(family.name) came anew meanwhile")
    }

    /// Asks something in the family, and once more if it turns out to have another number by now.
    private func inFamily<Value>(
        _ ask: (UInt16) throws(NetlinkError) -> Value
    ) throws(NetlinkError) -> Value {
        let number = try family.current(channel)
        do throws(NetlinkError) {
            return try ask(number)
        } catch {
            guard case .refused(let code) = error.kind, Self.mayMeanNoFamily(code),
                try family.hasMoved(from: number, channel)
            else { throw error }
        }
        return try ask(try family.current(channel))
    }

    /// A number that no family has answers ENOENT; that of another family, what it makes of a foreign command.
    private static func mayMeanNoFamily(_ code: Int32) -> Bool {
        [ENOENT, EOPNOTSUPP, EINVAL].contains(code)
    }

    private static let headerLength = MemoryLayout<genlmsghdr>.size

    private func head(_ command: UInt8, _ family: UInt16) -> MessageHead {
        MessageHead(type: family, header: genlmsghdr(cmd: command, version: self.family.version, reserved: 0))
    }
}
