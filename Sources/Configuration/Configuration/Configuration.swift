package import HealthChecks
package import LoadBalancing

/// What the configuration files declare together.
package struct Configuration: Hashable, Sendable {
    /// The virtual servers, sorted by key and each with its real servers sorted; timeouts and sync daemons.
    package var desired: DesiredState
    package var settings: Settings
    /// How virtual servers are watched whose real servers are checked.
    package var health: [VirtualServerKey: HealthRules]
    /// Where each virtual server is declared, for messages about it.
    package var places: [VirtualServerKey: SourcePlace]
    /// Whether a declaration without any virtual server is meant as one, as `virtualServers: []` is.
    package var allowsNone = true

    package init(
        desired: DesiredState, settings: Settings = Settings(), health: [VirtualServerKey: HealthRules] = [:],
        places: [VirtualServerKey: SourcePlace] = [:]
    ) {
        self.desired = desired
        self.settings = settings
        self.health = health
        self.places = places
    }
}

extension Configuration {
    /// Reads one file's bytes; pure, and safe for any bytes.
    package static func parse(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) -> Configuration {
        try Configuration(joining: [ConfigurationFile(bytes, file: file)])
    }

    /// Reads one file's text; pure.
    package static func parse(_ text: String, file: String) throws(ConfigurationErrors) -> Configuration {
        try parse(Array(text.utf8), file: file)
    }

    /// Reads files and directories, and joins what they declare.
    ///
    /// - Parameter paths: A file, a directory (its `*.yaml` and `*.yml` by name, no hidden ones, none of
    ///   directories inside) or `-` for the standard input. Read in this order.
    /// - Throws: Everything that is wrong in any of them; nothing of a configuration with an error is used.
    package static func load(paths: [String]) throws(ConfigurationErrors) -> Configuration {
        var errors = ConfigurationErrors()
        var files: [ConfigurationFile] = []
        for path in paths {
            for source in errors.collect({ () throws(ConfigurationErrors) in try SourceFile.sources(at: path) }) ?? [] {
                errors.collect { () throws(ConfigurationErrors) in
                    files.append(try ConfigurationFile(source.contents(), file: source.name))
                }
            }
        }
        guard errors.isEmpty else { throw errors }
        return try Configuration(joining: files)
    }
}
