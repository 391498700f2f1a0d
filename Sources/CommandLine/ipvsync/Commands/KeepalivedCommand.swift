internal import ArgumentParser
internal import Configuration
internal import Glibc
internal import Migrations

struct KeepalivedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keepalived",
        abstract: "Turn the virtual servers of keepalived.conf into ipvsync's configuration.",
        discussion: """
            Prints the configuration on standard output, and on standard error what does
            not carry over, by file and line. Files that are included are read too. Several
            files are read as one.

            VRRP stays with keepalived: both run side by side once the virtual_server
            blocks are out of keepalived.conf. 'ipvsync plan' with the result, on the node
            while keepalived runs, shows what would differ.

            EXAMPLES:
              ipvsync migrate keepalived /etc/keepalived/keepalived.conf >ipvsync.yaml
              ipvsync migrate keepalived --config-id lb2 /etc/keepalived/keepalived.conf
              ssh lb2 cat /etc/keepalived/keepalived.conf | ipvsync migrate keepalived -

            \(MigrateCommand.exitHelp)
            """)

    @Argument(help: ArgumentHelp("The files, or - for standard input.", valueName: "file"), completion: .file())
    var paths: [String]

    @Option(
        name: .customLong("config-id"),
        help: ArgumentHelp(
            "Which lines that begin with @ID are read, as keepalived's option (default: the first part of this "
                + "node's name).", valueName: "id"))
    var configID: String?

    func run() throws {
        try Failures.endWithStatus {
            let inputs = try paths.map { path throws(ConfigurationErrors) in
                let source = path == "-" ? try SourceFile.sources(at: path)[0] : SourceFile(path: path)
                return KeepalivedConfiguration.Input(
                    try source.contents(), file: source.name, path: path == "-" ? nil : path)
            }
            let migrated = try KeepalivedConfiguration(inputs, configID: configID ?? Self.nodeName)
            StandardStreams.complain(migrated.notes.map(\.description))
            StandardStreams.write(migrated.configuration.yaml())
        }
    }

    /// The first part of the node's name.
    private static var nodeName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        let name = buffer.map { UInt8(bitPattern: $0) }
        return String(decoding: name.prefix { $0 != 0 && $0 != UInt8(ascii: ".") }, as: UTF8.self)
    }
}
