extension HTTPServer {
    /// What clients may take of a server.
    package struct Limits: Hashable, Sendable {
        package static let standard = Limits()

        /// How many connections may be open whose request has not come whole. A newcomer takes the place of another.
        package var places = 256
        /// How many of them one client may have at one port: three quarters. An IPv6 network of 64 bits is one client.
        package var share: Int { max(1, places * 3 / 4) }
        /// How many requests may wait for answers that take long, or receive them. The newest take the places of
        /// others here as well.
        package var slowPlaces = 32
        /// How many connections may be slow to take a short answer, or to close after one.
        package var leavingPlaces = 32
        /// How long a request may take to come, from the connection to the end of its head, however it trickles.
        package var requestTimeout: Duration = .seconds(5)
        /// How long an answer may take, from the request to the last byte that the client has taken.
        package var answerTimeout: Duration = .seconds(20)
        /// Bytes of long answers that are kept for clients that have not taken them. Beyond that the oldest are let go,
        /// but for the newest.
        package var heldBytes = 64 << 20

        package init() {}

        /// The most descriptors that it has open beside its listening sockets.
        package var descriptors: Int { places + slowPlaces + leavingPlaces + Self.ownDescriptors }

        /// Two for `epoll`, two to wake threads, a spare one, and one that is just accepted.
        private static let ownDescriptors = 6
    }
}
