internal import CMicroHTTPD

extension HTTPServer {
    /// What clients may take of a server.
    package struct Limits: Hashable, Sendable {
        package static let standard = Limits()

        /// How many connections are open at a time. More wait until they can be accepted; those that are handed over
        /// are closed.
        package var connections = 64
        /// How many of them may come from one IP address; more are closed. `nil` for any number.
        package var connectionsPerAddress: Int?
        /// For how long nothing may come or go on a connection before it is closed; in whole seconds, at least one.
        package var idleTimeout: Duration = .seconds(10)
        /// The bytes that a connection may take beside the body of the answer; the line and the headers of a request
        /// must fit.
        package var memory = 32 << 10

        package init() {}
    }
}

extension HTTPServer.Limits {
    var forLibrary: cmicrohttpd_limits {
        let (seconds, attoseconds) = idleTimeout.components
        return cmicrohttpd_limits(
            connections: UInt32(clamping: max(1, connections)),
            connections_per_address: UInt32(clamping: connectionsPerAddress.map { max(1, $0) } ?? 0),
            idle_seconds: UInt32(clamping: max(1, seconds + (attoseconds > 0 ? 1 : 0))),
            memory_per_connection: max(1024, memory))
    }
}
