package import LoadBalancing

/// The text that `ipvsadm -S` and `ipvsadm -Sn` write and `ipvsadm -R` reads.
package enum IpvsadmRules {
    /// Reads a dump; empty lines and those of a `#` are skipped.
    ///
    /// Ports may be names of services (`ipvsadm -S`), hosts must be addresses. Ports of direct and tunnelled real
    /// servers are kept as they stand.
    ///
    /// - Throws: Everything that is wrong, with its lines.
    package static func parse(_ text: String, file: String) throws(ConfigurationErrors) -> DesiredState {
        var reader = IpvsadmReader(file: file)
        // By bytes, since a carriage return and a newline are one character.
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            reader.read(Substring(line), line: index + 1)
        }
        return try reader.state()
    }

    /// Writes virtual servers and their real servers as `ipvsadm -Sn` does.
    ///
    /// Thresholds are added, which `ipvsadm -S` loses. The order is that of ipvsadm's manual: protocol, address and
    /// port, then firewall marks.
    package static func render(_ virtualServers: [DesiredVirtualServer]) -> String {
        virtualServers.sorted { $0.key.comesBefore($1.key) }.map(\.ipvsadmRules).joined()
    }
}
