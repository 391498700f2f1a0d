package import LoadBalancing

/// What rules of ipvsadm make, and what has to be said of them.
package struct IpvsadmDump: Hashable, Sendable {
    package let state: DesiredState
    /// What is taken otherwise than it looks, and what a dump does not hold.
    package let notes: [String]
    let leftOut: [LeftOut]
}

/// The text that `ipvsadm -S` and `ipvsadm -Sn` write and `ipvsadm -R` reads.
package enum IpvsadmRules {
    /// Reads a dump, or a script of rules, with the meaning that `ipvsadm -R` gives it.
    ///
    /// Empty lines and comments are skipped. Ports may be names of services (`ipvsadm -S`), hosts must be addresses.
    ///
    /// - Throws: Everything that is wrong, with its lines.
    package static func parse(_ text: String, file: String) throws(ConfigurationErrors) -> IpvsadmDump {
        // By bytes, since a carriage return and a newline are one character.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Substring.init)
        if let format = ForeignFormat(lines) {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, problem: "this is \(format.rawValue), no rules of ipvsadm", remedy: format.remedy)
            ])
        }
        var reader = IpvsadmReader(file: file)
        for (index, line) in lines.enumerated() { reader.read(line, line: index + 1) }
        return try reader.dump()
    }

    /// Reads a file that ipvsadm wrote, or with `-` the standard input.
    package static func load(_ path: String) throws(ConfigurationErrors) -> IpvsadmDump {
        let source = path == "-" ? SourceFile(name: "stdin", path: nil) : SourceFile(name: path, path: path)
        return try parse(String(decoding: try source.contents(), as: UTF8.self), file: source.name)
    }
}
