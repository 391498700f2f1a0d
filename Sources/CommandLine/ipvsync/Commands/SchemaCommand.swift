internal import ArgumentParser
internal import Configuration

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of the configuration, for editors.",
        discussion: """
            EXAMPLES:
              ipvsync schema >ipvsync.schema.json
              then, as the first line of a configuration file:
              # yaml-language-server: $schema=ipvsync.schema.json

            \(ExitStatus.help([]))
            """)

    func run() {
        StandardStreams.write(ConfigurationSchema.text)
    }
}
