/// A connection synchronisation daemon of the kernel, one per role (`IPVS_CMD_NEW_DAEMON`).
package struct SyncDaemon: Hashable, Sendable {
    /// Which side of the synchronisation; the raw value is the kernel's `IP_VS_STATE_*`.
    package enum Role: UInt32, Hashable, Sendable, Comparable, CaseIterable, CustomStringConvertible {
        case master = 1
        case backup = 2

        package var description: String { self == .master ? "master" : "backup" }
        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    package let role: Role
    /// The interface for the multicast traffic, at most 15 bytes.
    package var interface: String
    /// 0…255; a backup takes only messages with its own number (0: all).
    package var syncID: UInt32
    /// The largest UDP payload in bytes; `nil` for the interface's MTU.
    package var maximumLength: UInt16?
    /// The multicast group; `nil` for 224.0.0.81.
    package var group: IPAddress?
    /// The UDP port; `nil` for 8848.
    package var port: UInt16?
    /// The multicast TTL; `nil` for 1.
    package var timeToLive: UInt8?

    package init(
        role: Role, interface: String, syncID: UInt32 = 0, maximumLength: UInt16? = nil, group: IPAddress? = nil,
        port: UInt16? = nil, timeToLive: UInt8? = nil
    ) {
        self.role = role
        self.interface = interface
        self.syncID = syncID
        self.maximumLength = maximumLength
        self.group = group
        self.port = port
        self.timeToLive = timeToLive
    }

    package static let defaultGroup = IPAddress(v4: 0xE000_0051)
    package static let defaultPort: UInt16 = 8848
    package static let defaultTimeToLive: UInt8 = 1

    /// Whether a running daemon satisfies this declaration; what is left out takes any value.
    package func isSatisfied(by running: SyncDaemon) -> Bool {
        role == running.role && interface == running.interface && syncID == running.syncID
            && (maximumLength == nil || maximumLength == running.maximumLength)
            && (group ?? Self.defaultGroup) == (running.group ?? Self.defaultGroup)
            && (port ?? Self.defaultPort) == (running.port ?? Self.defaultPort)
            && (timeToLive ?? Self.defaultTimeToLive) == (running.timeToLive ?? Self.defaultTimeToLive)
    }
}
