package import LoadBalancing

extension IpvsadmRules {
    /// Reads a file that ipvsadm wrote, or with `-` the standard input.
    package static func load(_ path: String) throws(ConfigurationErrors) -> DesiredState {
        let source = path == "-" ? SourceFile(name: "stdin", path: nil) : SourceFile(name: path, path: path)
        return try parse(String(decoding: try source.contents(), as: UTF8.self), file: source.name)
    }
}
