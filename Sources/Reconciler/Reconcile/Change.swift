package import LoadBalancing

/// One operation of a plan with what it means.
package struct Change: Hashable, Sendable {
    /// What happens, in the words of the plan's summary.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case add
        case edit
        /// A draining real server is wanted again.
        case revive
        /// A real server takes no new connections and keeps those it has.
        case drain
        case remove
    }

    /// Why something goes, or is moved.
    package enum Reason: String, Hashable, Sendable {
        /// It has no connections.
        case idle = "no connections"
        /// Its time is up.
        case deadline = "drain timeout reached"
        /// The drain timeout is 0.
        case immediate = "draining is off"
        /// UDP and one-packet scheduling keep no connections worth waiting for.
        case connectionless
        /// The kernel's list of real servers is to be in the same order on every node.
        case order = "same order on every node"
        /// It still has connections.
        case connections = "connections remain"
    }

    package let kind: Kind
    package let operation: TableOperation
    /// Exactly the settings that an edit changes.
    package let fields: [FieldChange]
    package let reason: Reason?
    /// Real servers that the kernel drops together with a removed virtual server.
    package let droppedRealServers: [Endpoint]
    /// A real server that is to be removed because it has no connections, and could still get one before it is: it
    /// has to get weight 0 first, and another look.
    package let stillServing: RealServer?

    init(
        _ kind: Kind, _ operation: TableOperation, fields: [FieldChange] = [], reason: Reason? = nil,
        droppedRealServers: [Endpoint] = [], stillServing: RealServer? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.fields = fields
        self.reason = reason
        self.droppedRealServers = droppedRealServers
        self.stillServing = stillServing
    }
}

/// A setting that an edit changes.
package struct FieldChange: Hashable, Sendable {
    /// The configuration's name for it.
    package let field: String
    package let old: String
    package let new: String
}
