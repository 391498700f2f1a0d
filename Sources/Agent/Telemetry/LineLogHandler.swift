internal import Documents
package import Logging
internal import Synchronization

/// Writes log lines by a ``LogWriter``, which never blocks: for people on a terminal, JSON for machines.
///
///     2026-01-31T23:59:59.123Z info  real server added virtualServer="tcp 10.0.0.1:80" realServer=10.1.0.1:80
package struct LineLogHandler: LogHandler {
    package enum Format: Sendable {
        case text, json
    }

    package var metadata: Logger.Metadata = [:]
    private let style: LogStyle
    private let writer: LogWriter

    package init(_ style: LogStyle, writer: LogWriter = .standardError) {
        self.style = style
        self.writer = writer
    }

    /// The style's, unless the logger has one of its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? style.current.level }
        set { ownLevel = newValue }
    }

    private var ownLevel: Logger.Level?

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: "\($0.value)".shortened(to: Self.longest)) }
        let format = style.current.format
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

/// How lines are written, and which: it may change while loggers are in use.
package final class LogStyle: Sendable {
    private let state: Mutex<(format: LineLogHandler.Format, level: Logger.Level)>

    package init(_ format: LineLogHandler.Format, level: Logger.Level) {
        state = Mutex((format, level))
    }

    /// The format, and the lowest level that is written.
    package var current: (format: LineLogHandler.Format, level: Logger.Level) { state.withLock(\.self) }

    /// Writes otherwise from here on.
    package func use(_ format: LineLogHandler.Format, level: Logger.Level) { state.withLock { $0 = (format, level) } }
}
