internal import LoadBalancing

/// How an API server is reached, and who asks it.
package struct ClusterAccess: Hashable, Sendable {
    /// Certificates or a key in PEM.
    package enum Material: Hashable, Sendable {
        case inline([UInt8])
        /// Read again for every connection, so that a rotated one is found.
        case file(String)
    }

    /// Whose certificates the server may show.
    package enum Trust: Hashable, Sendable {
        /// The authorities that this machine knows.
        case system
        case authorities(Material)
        /// Anybody's: the server is not verified.
        case anything
    }

    /// What a request carries beside the client's certificate.
    package enum Credential: Hashable, Sendable {
        case none
        case token(String)
        /// Read again for every request: service account tokens live for an hour.
        case tokenFile(String)
        case password(user: String, password: String)
    }

    /// `https://host:port`, with a path if there is one, without a slash at the end.
    package var server: String
    package var trust: Trust
    package var certificate: Material?
    package var key: Material?
    package var credential: Credential
    /// The URL of a proxy.
    package var proxy: String?

    package init(
        server: String, trust: Trust = .system, certificate: Material? = nil, key: Material? = nil,
        credential: Credential = .none, proxy: String? = nil
    ) {
        self.server = server
        self.trust = trust
        self.certificate = certificate
        self.key = key
        self.credential = credential
        self.proxy = proxy
    }

    /// The server's address, where it is named by one.
    var serverAddress: IPAddress? {
        let parts = server.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let authority = parts[2].split(separator: "/").first else { return nil }
        let host = authority.split(separator: "@").last ?? ""
        guard host.hasPrefix("[") else { return IPAddress(host.prefix { $0 != ":" }) }
        return IPAddress(host.dropFirst().prefix { $0 != "]" })
    }

    /// What is unsafe about it, for the log.
    package var warnings: [String] {
        var warnings: [String] = []
        if trust == .anything {
            warnings.append(
                "the API server \(server) is not verified (insecure-skip-tls-verify): anybody can pose as it")
        }
        if server.hasPrefix("http://"), credential != .none {
            warnings.append("the credential for \(server) travels in the clear: use https")
        }
        return warnings
    }
}
