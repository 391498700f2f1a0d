internal import Documents
package import Logging

/// Writes log lines by a ``LogWriter``, which never blocks: for people on a terminal, JSON for machines.
///
///     2026-01-31T23:59:59.123Z info  real server added virtualServer="tcp 10.0.0.1:80" realServer=10.1.0.1:80
package struct LineLogHandler: LogHandler {
    package enum Format: Sendable {
        case text, json
    }

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let format: Format
    private let writer: LogWriter

    package init(_ format: Format, level: Logger.Level, writer: LogWriter = .standardError) {
        self.format = format
        logLevel = level
        self.writer = writer
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: "\($0.value)".shortened(to: Self.longest)) }
        writer.put(
            Self.line(format, event.level, "\(event.message)".shortened(to: Self.longest), fields, at: .now), format)
    }

    /// One line with its end.
    static func line(
        _ format: Format, _ level: Logger.Level, _ message: String, _ fields: [(name: String, value: String)],
        at time: WallTime
    ) -> String {
        switch format {
        case .text:
            let padded = level.rawValue + String(repeating: " ", count: max(0, 7 - level.rawValue.count))
            let pairs = fields.map { " \($0.name)=\(quoted($0.value))" }.joined()
            return "\(time) \(padded) \(message.shown)\(pairs)\n"
        case .json:
            let head: [Document.Member] = [
                .init("time", .string(time.description)), .init("level", .string(level.rawValue)),
                .init("message", .string(message)),
            ]
            return Document.mapping(head + fields.map { .init($0.name, .string($0.value)) }).json(pretty: false) + "\n"
        }
    }

    /// Code points of the message, and of each field: some hold texts of tenants, servers and files.
    private static let longest = 4096

    private static func quoted(_ value: String) -> String {
        let isPlain =
            !value.isEmpty && value.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x3D }
        return isPlain ? value : Document.string(value).json(pretty: false)
    }
}
