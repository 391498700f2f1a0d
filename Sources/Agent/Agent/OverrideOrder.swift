package import HealthChecks
package import LoadBalancing

/// What an operator asks for by hand.
package struct OverrideOrder: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case put(Override.Action)
        /// Ends overrides.
        case enable
    }

    package let action: Action
    package let address: IPAddress
    /// `nil` for every port.
    package let port: UInt16?
    /// A name, or an address and port with or without a protocol, as ``VirtualServerSelector`` reads it; `nil` for all.
    package let virtualServer: String?
    /// How long it holds; `nil` until it is ended.
    package let length: Duration?
    /// Whether a virtual server may be left without any real server that serves.
    package let isForced: Bool

    package init(
        _ action: Action, address: IPAddress, port: UInt16?, virtualServer: String? = nil, length: Duration? = nil,
        isForced: Bool = false
    ) {
        self.action = action
        self.address = address
        self.port = port
        self.virtualServer = virtualServer
        self.length = length
        self.isForced = isForced
    }

    /// The longest time that it may hold.
    package static let longest = Duration.seconds(365 * 86_400)

    var realServer: String { Override.Target(address, port: port).realServer }
}

/// What an order has done.
package struct OverrideOutcome: Sendable {
    /// A real server that it is about.
    package struct Subject: Hashable, Sendable {
        package let virtualServer: VirtualServerKey
        package let name: String?
        package let realServer: Endpoint
    }

    /// In the order of virtual servers.
    package var subjects: [Subject] = []
    /// Those that stand now because of it.
    package var put: [Override] = []
    /// What follows, with the overrides that have ended.
    package var change = VerdictChange()

    package init() {}
}

/// Why an order is not followed: nothing was changed.
package struct OverrideRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// There is no such real server, virtual server or override.
        case unmatched
        /// A virtual server would be left without any real server that serves.
        case lastOne
        /// There are too many overrides.
        case full
        /// Not all that is declared is known yet.
        case early
        /// It has no effect.
        case useless
    }

    package let kind: Kind
    package let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}

/// Which virtual servers somebody means.
package struct VirtualServerSelector: Hashable, Sendable {
    private enum Form: Hashable {
        case key(VirtualServerKey)
        case endpoint(Endpoint)
        case name(String)
    }

    private let form: Form

    /// Reads `tcp 192.0.2.1:80`, `192.0.2.1:80/tcp`, `192.0.2.1:80` for every protocol, `fwmark 7`, or a declared name.
    package init(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if let key = VirtualServerKey(text) {
            form = .key(key)
        } else if let endpoint = Endpoint(text) {
            form = .endpoint(endpoint)
        } else if parts.count == 2, let endpoint = Endpoint(parts[0]), let word = TransportProtocol(name: parts[1]) {
            form = .key(.endpoint(word, endpoint))
        } else {
            form = .name(text)
        }
    }

    package func matches(_ server: DesiredVirtualServer) -> Bool {
        switch form {
        case .key(let key): return server.key == key
        case .name(let name): return server.name == name
        case .endpoint(let endpoint):
            guard case .endpoint(_, endpoint) = server.key else { return false }
            return true
        }
    }
}
