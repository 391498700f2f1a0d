/// What a client asks for.
package struct HTTPRequest: Hashable, Sendable {
    /// The methods that are served; every other is refused before it gets here.
    package enum Method: String, Hashable, Sendable, CaseIterable {
        case get = "GET"
        /// Answered like ``get``; the body is left out on the way.
        case head = "HEAD"
    }

    package let method: Method
    /// The path, percent-decoded and without the query: `/v1/services`.
    package let path: String
    /// The items of the query, percent-decoded with `+` as a space; empty for one without `=`, and of several with
    /// one name the last.
    package let query: [String: String]
    /// The TCP port that it came in by; `nil` for a Unix socket.
    package let localPort: UInt16?

    package init(method: Method = .get, path: String, query: [String: String] = [:], localPort: UInt16? = nil) {
        self.method = method
        self.path = path
        self.query = query
        self.localPort = localPort
    }
}
