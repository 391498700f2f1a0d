/// How an agent logs.
package struct LoggingSettings: Hashable, Sendable {
    package enum Format: String, Hashable, Sendable, CaseIterable {
        /// What suits the reader: a terminal, the journal or a file.
        case auto
        case text
        case json
    }

    /// The least important that is logged.
    package enum Level: String, Hashable, Sendable, CaseIterable {
        case debug, info, warning, error
    }

    package var format: Format
    package var level: Level

    package init(format: Format = .auto, level: Level = .info) {
        self.format = format
        self.level = level
    }
}
