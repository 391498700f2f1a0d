package import Configuration
internal import Documents

/// A kubeconfig file: clusters, users, and the contexts that join them.
package struct Kubeconfig {
    private let file: String
    private let root: YAMLNode

    /// Reads a file.
    package init(path: String) throws(ConfigurationErrors) {
        var nodes: [YAMLNode] = []
        for source in try SourceFile.sources(at: path) {
            let bytes = try source.contents(limit: 16 << 20)
            do throws(YAMLError) {
                nodes += try YAMLNode.documents(in: bytes).filter { !$0.isNull }
            } catch {
                throw ConfigurationErrors([
                    ConfigurationError(
                        file: source.name, line: error.line, column: error.column, object: nil,
                        problem: error.message, remedy: error.remedy)
                ])
            }
        }
        file = path
        guard nodes.count == 1, nodes[0].mapping != nil else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: path, problem: "it is no kubeconfig",
                    remedy: "name one file, as 'kubectl config view' shows it")
            ])
        }
        root = nodes[0]
    }

    /// The access that a context gives.
    ///
    /// - Parameter name: The context; `nil` for the current one.
    package func access(context name: String? = nil) throws(ConfigurationErrors) -> ClusterAccess {
        guard let context = name ?? text(root["current-context"]) else {
            throw failure(root, "it has no current-context", "name one with --context")
        }
        let entry = try self.entry(of: "contexts", named: context, holding: "context", asked: root)
        guard let clusterName = text(entry["cluster"]) else {
            throw failure(entry, "context \(context) names no cluster", "add 'cluster: NAME'")
        }
        let cluster = try self.entry(of: "clusters", named: clusterName, holding: "cluster", asked: entry)
        var access = try self.access(to: cluster)
        guard let userName = text(entry["user"]) else { return access }
        try add(try self.entry(of: "users", named: userName, holding: "user", asked: entry), to: &access)
        return access
    }
}

// MARK: - Clusters and users

extension Kubeconfig {
    private func access(to cluster: YAMLNode) throws(ConfigurationErrors) -> ClusterAccess {
        guard let server = text(cluster["server"]) else {
            throw failure(cluster["server"] ?? cluster, "the cluster has no server", "add 'server: https://HOST:6443'")
        }
        try refuse(cluster, "tls-server-name", "put a name of the server's certificate into 'server'")
        // What is wrong with a URL is told without it: there may be a password in it.
        var access: ClusterAccess
        do throws(ClusterAccess.URLProblem) {
            access = try ClusterAccess(server: server)
        } catch {
            throw failure(
                cluster["server"] ?? cluster, "the server's URL is not used: \(error.message)",
                "write 'server: https://HOST:6443', and users and passwords under 'users'")
        }
        if let proxy = text(cluster["proxy-url"]) {
            do throws(ClusterAccess.URLProblem) {
                access.proxy = try ClusterAccess.Proxy(url: proxy)
            } catch {
                throw failure(
                    cluster["proxy-url"] ?? cluster, "the proxy's URL is not used: \(error.message)",
                    "write 'proxy-url: http://HOST:PORT' or with https or socks5, special characters as %XX")
            }
        }
        if text(cluster["insecure-skip-tls-verify"]) == "true" {
            access.trust = .anything
        } else if let authorities = try material("certificate-authority", in: cluster) {
            access.trust = .authorities(authorities)
        }
        return access
    }

    private func add(_ user: YAMLNode, to access: inout ClusterAccess) throws(ConfigurationErrors) {
        try refuse(user, "exec", "use a token, a token file or a client certificate, as for a service account")
        try refuse(user, "auth-provider", "use a token, a token file or a client certificate")
        try refuse(user, "as", "name a user with the rights that it needs")
        access.certificate = try material("client-certificate", in: user)
        access.key = try material("client-key", in: user)
        guard (access.certificate == nil) == (access.key == nil) else {
            throw failure(user, "a client certificate and its key go together", "add the one that is missing")
        }
        // As kubectl does: the file goes before the text.
        if let path = text(user["tokenFile"]) {
            access.credential = .tokenFile(absolute(path))
        } else if let token = text(user["token"]) {
            access.credential = .token(Secret(token))
        } else if let name = text(user["username"]) {
            access.credential = .password(
                ClusterAccess.Login(user: name, password: Secret(text(user["password"]) ?? "")))
        }
    }

    private func material(_ name: String, in node: YAMLNode) throws(ConfigurationErrors) -> ClusterAccess.Material? {
        if let value = node["\(name)-data"], let data = text(value) {
            guard var bytes = Base64.decode(data), !bytes.isEmpty else {
                throw failure(value, "\(name)-data is not base64", "copy it again, or name a file with '\(name)'")
            }
            return .inline(Secret(taking: &bytes))
        }
        return text(node[name]).map { .file(absolute($0)) }
    }

    private func refuse(_ node: YAMLNode, _ name: String, _ remedy: String) throws(ConfigurationErrors) {
        guard let value = node[name], !value.isNull else { return }
        throw failure(value, "'\(name)' is not supported", remedy)
    }
}

// MARK: - Reading

extension Kubeconfig {
    private func entry(
        of list: String, named name: String, holding key: String, asked: YAMLNode
    ) throws(ConfigurationErrors) -> YAMLNode {
        let entries = root[list]?.sequence ?? []
        guard let entry = entries.first(where: { text($0["name"]) == name }) else {
            let names = entries.compactMap { text($0["name"]) }.joined(separator: ", ")
            throw failure(
                asked, "\(list) has no entry named \(name)", names.isEmpty ? "add it" : "there are: \(names)")
        }
        guard let value = entry[key], value.mapping != nil else {
            throw failure(entry, "the entry \(name) of \(list) holds no '\(key)'", "add it")
        }
        return value
    }

    private func text(_ node: YAMLNode?) -> String? {
        guard let scalar = node?.scalar, !scalar.isNull, !scalar.text.isEmpty else { return nil }
        return scalar.text
    }

    /// Paths in a kubeconfig are relative to it.
    private func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }

    private func failure(_ node: YAMLNode, _ problem: String, _ remedy: String) -> ConfigurationErrors {
        ConfigurationErrors([
            ConfigurationError(
                file: file, line: node.line, column: node.column, object: nil, problem: problem, remedy: remedy)
        ])
    }
}
