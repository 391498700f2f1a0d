import Documents

extension ValueKind where Value == LoggingSettings {
    static var logging: Self {
        .object(.logging) { reader in
            let standard = LoggingSettings()
            return LoggingSettings(
                format: reader(Fields.logFormat) ?? standard.format, level: reader(Fields.logLevel) ?? standard.level)
        }
    }
}
