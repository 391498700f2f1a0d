package import LoadBalancing

/// What an operator says of real servers by hand, over what is declared and what their checks say.
package struct Override: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// No new connections; those that there are go on as with every drain.
        case drain
        /// That weight in the place of the declared one, for what has one: neither a real server that is declared
        /// without weight nor one that is down is brought in by it. At most ``RealServer/maximumWeight``.
        case weight(UInt32)
    }

    /// Which real servers an override is about, also those that are declared later.
    package struct Target: Hashable, Sendable {
        package let address: IPAddress
        /// `nil` for every port.
        package let port: UInt16?
        /// `nil` for all virtual servers.
        package let virtualServer: VirtualServerKey?

        package init(_ address: IPAddress, port: UInt16? = nil, in virtualServer: VirtualServerKey? = nil) {
            self.address = address
            self.port = port
            self.virtualServer = virtualServer
        }

        /// Whether it is about a real server of a virtual server.
        package func matches(_ endpoint: Endpoint, in key: VirtualServerKey) -> Bool {
            endpoint.address == address && (port ?? endpoint.port) == endpoint.port && (virtualServer ?? key) == key
        }

        /// Whether it is about all that the other one is about.
        package func covers(_ other: Self) -> Bool {
            address == other.address && (port == nil || port == other.port)
                && (virtualServer == nil || virtualServer == other.virtualServer)
        }

        /// The targets that may be about a real server, the most particular first: one with a virtual server before
        /// one without, then one with a port before one without.
        static func candidates(_ endpoint: Endpoint, in key: VirtualServerKey) -> [Self] {
            [key, nil].flatMap { key in
                [endpoint.port, nil].map { Target(endpoint.address, port: $0, in: key) }
            }
        }
    }

    /// Who asked for it, as the kernel tells of the other end of the socket.
    package struct Author: Hashable, Sendable {
        package let user: UInt32
        /// 0 for a process that this one cannot see.
        package let process: Int32

        package init(user: UInt32, process: Int32) {
            self.user = user
            self.process = process
        }
    }

    package let target: Target
    package let action: Action
    package let since: ContinuousClock.Instant
    /// When it ends by itself; `nil` for never.
    package let until: ContinuousClock.Instant?
    package let author: Author

    package init(
        _ action: Action, of target: Target, since: ContinuousClock.Instant, until: ContinuousClock.Instant? = nil,
        by author: Author
    ) {
        self.target = target
        self.action = action
        self.since = since
        self.until = until
        self.author = author
    }

    /// The words for an action in metrics and documents.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case drain
        case weight
    }

    package var kind: Kind { action == .drain ? .drain : .weight }
}

extension Override.Target: Comparable {
    /// By address, port and virtual server; what is about more comes first.
    package static func < (left: Self, right: Self) -> Bool {
        if left.address != right.address { return left.address < right.address }
        if left.port != right.port {
            guard let leftPort = left.port, let rightPort = right.port else { return left.port == nil }
            return leftPort < rightPort
        }
        guard let leftKey = left.virtualServer, let rightKey = right.virtualServer else {
            return left.virtualServer == nil && right.virtualServer != nil
        }
        return leftKey < rightKey
    }
}

extension Override.Target: CustomStringConvertible {
    /// `198.51.100.1:80`, or `198.51.100.1` for every port.
    package var realServer: String { port.map { Endpoint(address, port: $0).description } ?? address.description }

    /// `198.51.100.1:80 in tcp 192.0.2.1:80`, or `198.51.100.1` for every port and all virtual servers.
    package var description: String { realServer + (virtualServer.map { " in \($0)" } ?? "") }
}

extension Override.Author: CustomStringConvertible {
    /// `uid 0, pid 4711`.
    package var description: String { "uid \(user), pid \(process)" }
}

extension Override.Action: CustomStringConvertible {
    /// `drain`, or `weight 5`.
    package var description: String {
        switch self {
        case .drain: "drain"
        case .weight(let weight): "weight \(weight)"
        }
    }
}

/// An override that is there no more.
package struct EndedOverride: Hashable, Sendable {
    package enum Cause: Hashable, Sendable {
        /// Its time is over.
        case time
        /// No virtual server has such a real server any more.
        case gone
        /// Somebody has ended it.
        case enabled(Override.Author)
        /// Somebody has put another in its place.
        case replaced(Override.Author)
    }

    package let override: Override
    package let cause: Cause

    package init(_ override: Override, _ cause: Cause) {
        self.override = override
        self.cause = cause
    }
}
