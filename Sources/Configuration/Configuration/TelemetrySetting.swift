/// Whether an agent serves metrics and health over HTTP.
package enum TelemetrySetting: Hashable, Sendable {
    /// Serves nothing, the health check ports of Services neither.
    case off
    case on(TelemetryOptions)

    package static let standard = TelemetrySetting.on(TelemetryOptions())

    /// How it is served; `nil` when it is not.
    package var options: TelemetryOptions? {
        guard case .on(let options) = self else { return nil }
        return options
    }
}
