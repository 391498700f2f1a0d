/// How an API server is reached, and who asks it.
package struct ClusterAccess: Hashable, Sendable {
    /// Certificates or a key in PEM.
    package enum Material: Hashable, Sendable {
        case inline(Secret)
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

    /// A user's name and password.
    package struct Login: Hashable, Sendable {
        package let user: String
        package let password: Secret

        package init(user: String, password: Secret) {
            self.user = user
            self.password = password
        }
    }

    /// What a request carries beside the client's certificate.
    package enum Credential: Hashable, Sendable {
        case none
        case token(Secret)
        /// Read again for every request: service account tokens live for an hour.
        case tokenFile(String)
        case password(Login)
    }

    /// A proxy on the way, and who asks it.
    package struct Proxy: Hashable, Sendable {
        /// Without user and password, so that it can be shown.
        package let url: String
        package let host: String
        package let login: Login?
    }

    /// `https://host:port`, with a path if there is one, without a slash at the end; never with a password.
    package let server: String
    /// The server's name or address as it is configured, without brackets.
    package let host: String
    package var trust: Trust
    package var certificate: Material?
    package var key: Material?
    package var credential: Credential
    package var proxy: Proxy?

    init(_ url: ServerURL, trust: Trust = .system, credential: Credential = .none, proxy: Proxy? = nil) {
        server = url.text
        host = url.host
        self.trust = trust
        self.credential = url.credential.map { .password($0) } ?? credential
        self.proxy = proxy
    }

    /// The names and addresses that lead to the server as they are configured: its own, and its proxy's.
    package var hosts: [String] { [host] + (proxy.map { [$0.host] } ?? []) }

    /// The server as it is asked: `192.0.2.10:6443`.
    var authority: String {
        let rest = server.drop { $0 != ":" }.dropFirst(3)
        return String(rest.prefix { $0 != "/" })
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

extension ClusterAccess {
    private static let schemes = ["https", "http"]
    fileprivate static let proxySchemes = ["http", "https", "socks5", "socks5h"]

    /// - Throws: What is wrong with the URL, without anything of it.
    package init(server: String, trust: Trust = .system, credential: Credential = .none) throws(URLProblem) {
        do throws(ServerURL.Problem) {
            self.init(try ServerURL(server, schemes: Self.schemes), trust: trust, credential: credential)
        } catch {
            throw URLProblem(message: error.rawValue)
        }
    }

    /// A URL that is not used, and why. Never with anything of it: it may hold a password.
    package struct URLProblem: Error, Hashable, Sendable {
        package let message: String
    }
}

extension ClusterAccess.Proxy {
    /// - Throws: What is wrong with the URL, without anything of it.
    package init(url: String) throws(ClusterAccess.URLProblem) {
        do throws(ServerURL.Problem) {
            let url = try ServerURL(url, schemes: ClusterAccess.proxySchemes)
            self.init(url: url.text, host: url.host, login: url.credential)
        } catch {
            throw ClusterAccess.URLProblem(message: error.rawValue)
        }
    }
}
