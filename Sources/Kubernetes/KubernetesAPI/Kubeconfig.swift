package import Configuration
internal import Documents

/// A kubeconfig file: clusters, users, and the contexts that join them.
package struct Kubeconfig {
    private let file: String
    private let root: YAMLNode

    /// Reads a file.
    package init(path: String) throws(ConfigurationErrors) {
        var root: YAMLNode?
        for source in try SourceFile.sources(at: path) {
            let bytes = try source.contents(limit: 16 << 20)
            guard let next = try Self.root(bytes, source.name) else { continue }
            guard root == nil else { throw Self.noKubeconfig(path) }
            root = next
        }
        try self.init(root, path)
    }

    /// Reads a file's bytes; safe for any bytes.
    package init(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) {
        try self.init(try Self.root(bytes, file), file)
    }

    private init(_ root: YAMLNode?, _ file: String) throws(ConfigurationErrors) {
        guard let root, root.mapping != nil else { throw Self.noKubeconfig(file) }
        self.file = file
        self.root = root
    }

    /// The one document that is not null; `nil` without any.
    private static func root(_ bytes: [UInt8], _ file: String) throws(ConfigurationErrors) -> YAMLNode? {
        var nodes: [YAMLNode] = []
        do throws(YAMLError) {
            nodes = try YAMLNode.documents(in: bytes, as: .kubernetes).filter { !$0.isNull }
        } catch {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, line: error.line, column: error.column, object: nil, problem: error.message,
                    remedy: error.remedy)
            ])
        }
        guard nodes.count <= 1 else { throw noKubeconfig(file) }
        return nodes.first
    }

    private static func noKubeconfig(_ file: String) -> ConfigurationErrors {
        ConfigurationErrors([
            ConfigurationError(
                file: file, problem: "it is no kubeconfig",
                remedy: "name one file, as 'kubectl config view' shows it")
        ])
    }

    /// The access that a context gives.
    ///
    /// - Parameter name: The context; `nil` for the current one.
    package func access(context name: String? = nil) throws(ConfigurationErrors) -> ClusterAccess {
        var current = name
        if current == nil { current = try text("current-context", in: root) }
        guard let context = current else {
            throw failure(root, "it has no current-context", "name one with --context")
        }
        let entry = try self.entry(of: "contexts", named: context, holding: "context", asked: root)
        guard let clusterName = try text("cluster", in: entry) else {
            throw failure(entry, "context \(context) names no cluster", "add 'cluster: NAME'")
        }
        let cluster = try self.entry(of: "clusters", named: clusterName, holding: "cluster", asked: entry)
        let userName = try text("user", in: entry)
        let user = try userName.map { (name) throws(ConfigurationErrors) in
            try self.entry(of: "users", named: name, holding: "user", asked: entry)
        }
        var access = try self.access(to: cluster)
        if let user { try add(user, to: &access) }
        return access
    }
}

// MARK: - Clusters and users

extension Kubeconfig {
    private func access(to cluster: YAMLNode) throws(ConfigurationErrors) -> ClusterAccess {
        try refuse(cluster, "tls-server-name", "put a name of the server's certificate into 'server'")
        let isInsecure = try flag("insecure-skip-tls-verify", in: cluster)
        let authorities = try material("certificate-authority", in: cluster)
        // As client-go: who names an authority wants it to count.
        guard !isInsecure || authorities == nil else {
            throw failure(
                cluster["insecure-skip-tls-verify"] ?? cluster,
                "insecure-skip-tls-verify stands beside a certificate-authority, which it would make worthless",
                "keep one of the two")
        }
        guard let server = try text("server", in: cluster) else {
            throw failure(cluster["server"] ?? cluster, "the cluster has no server", "add 'server: https://HOST:6443'")
        }
        // What is wrong with a URL is told without it: there may be a password in it.
        var access: ClusterAccess
        do throws(ClusterAccess.URLProblem) {
            access = try ClusterAccess(server: server)
        } catch {
            throw failure(
                cluster["server"] ?? cluster, "the server's URL is not used: \(error.message)",
                "write 'server: https://HOST:6443', and users and passwords under 'users'")
        }
        if let proxy = try text("proxy-url", in: cluster) {
            do throws(ClusterAccess.URLProblem) {
                access.proxy = try ClusterAccess.Proxy(url: proxy)
            } catch {
                throw failure(
                    cluster["proxy-url"] ?? cluster, "the proxy's URL is not used: \(error.message)",
                    "write 'proxy-url: http://HOST:PORT' or with https or socks5, special characters as %XX")
            }
        }
        if isInsecure { access.trust = .anything } else if let authorities { access.trust = .authorities(authorities) }
        return access
    }

    private func add(_ user: YAMLNode, to access: inout ClusterAccess) throws(ConfigurationErrors) {
        try refuse(user, "exec", "use a token, a token file or a client certificate, as for a service account")
        try refuse(user, "auth-provider", "use a token, a token file or a client certificate")
        for name in ["as", "as-uid", "as-groups", "as-user-extra"] {
            try refuse(user, name, "name a user with the rights that it needs")
        }
        access.certificate = try material("client-certificate", in: user)
        access.key = try material("client-key", in: user)
        guard (access.certificate == nil) == (access.key == nil) else {
            throw failure(user, "a client certificate and its key go together", "add the one that is missing")
        }
        // As kubectl does: the file goes before the text.
        if let path = try text("tokenFile", in: user) {
            access.credential = .tokenFile(absolute(path))
        } else if let token = try text("token", in: user) {
            try refuseBlank(token, of: "token", in: user)
            access.credential = .token(Secret(token))
        } else if let name = try text("username", in: user) {
            let password = try text("password", in: user) ?? ""
            try refuseBlank(password, of: "password", in: user)
            access.credential = .password(ClusterAccess.Login(user: name, password: Secret(password)))
        }
    }

    private func material(_ name: String, in node: YAMLNode) throws(ConfigurationErrors) -> ClusterAccess.Material? {
        let key = "\(name)-data"
        guard let data = try text(key, in: node) else { return try text(name, in: node).map { .file(absolute($0)) } }
        try refuseBlank(data, of: key, in: node)
        let place = node[key] ?? node
        guard var bytes = Base64.decode(data), !bytes.isEmpty else {
            throw failure(place, "\(key) is not base64", "copy it again, or name a file with '\(name)'")
        }
        guard bytes.contains(Array("-----BEGIN ".utf8)) else {
            throw failure(place, "\(key) holds no PEM", "encode the whole file, with its BEGIN line, as base64")
        }
        return .inline(Secret(taking: &bytes))
    }

    /// Refuses what `kubectl config view` shows in the place of a secret.
    private func refuseBlank(_ text: String, of name: String, in node: YAMLNode) throws(ConfigurationErrors) {
        guard ["DATA+OMITTED", "REDACTED"].contains(text) else { return }
        throw failure(
            node[name] ?? node, "\(name) is \(text): 'kubectl config view' left the data out",
            "write the file with 'kubectl config view --raw --flatten'")
    }

    private func refuse(_ node: YAMLNode, _ name: String, _ remedy: String) throws(ConfigurationErrors) {
        guard let value = node[name], !value.isNull, value.scalar?.text != "", value.sequence?.isEmpty != true,
            value.mapping?.isEmpty != true
        else { return }
        throw failure(value, "'\(name)' is not supported", remedy)
    }
}

// MARK: - Reading

extension Kubeconfig {
    private func entry(
        of list: String, named name: String, holding key: String, asked: YAMLNode
    ) throws(ConfigurationErrors) -> YAMLNode {
        let entries = root[list]?.sequence ?? []
        var names: [String] = []
        var found: [YAMLNode] = []
        for entry in entries {
            guard let other = try text("name", in: entry) else { continue }
            names.append(other)
            if other == name { found.append(entry) }
        }
        guard let entry = found.first else {
            let listed = names.joined(separator: ", ")
            throw failure(
                asked, "\(list) has no entry named \(name)", listed.isEmpty ? "add it" : "there are: \(listed)")
        }
        // client-go refuses the whole file.
        if found.count > 1 {
            throw failure(
                found[1], "\(list) has two entries named \(name), here and in line \(entry.line)", "keep one of the two"
            )
        }
        guard let value = entry[key], value.mapping != nil || value.isNull else {
            throw failure(entry, "the entry \(name) of \(list) holds no '\(key)'", "add it")
        }
        return value
    }

    /// A text; `nil` when it is absent or empty.
    private func text(_ name: String, in node: YAMLNode) throws(ConfigurationErrors) -> String? {
        guard let value = node[name], !value.isNull else { return nil }
        guard let text = value.scalar?.textValue else {
            throw failure(value, "'\(name)' is not a text", "write it in quotes")
        }
        return text.isEmpty ? nil : text
    }

    /// A truth value; false when it is absent.
    private func flag(_ name: String, in node: YAMLNode) throws(ConfigurationErrors) -> Bool {
        guard let value = node[name], !value.isNull else { return false }
        guard let flag = value.scalar?.boolValue else {
            throw failure(value, "'\(name)' is not a truth value", "write true or false, without quotes")
        }
        return flag
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
