/// A format of metrics, and which one a client wants.
package enum ExpositionFormat: Hashable, Sendable {
    /// Prometheus' text format 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// The media type of the text.
    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// What a client wants, by the media types that it takes (RFC 9110, 12.5.1): OpenMetrics when it names that and likes
    /// nothing better, else the text format.
    ///
    /// - Parameter accept: The value of the header; empty when there is none.
    package init(accept: String) {
        var (text, openMetrics) = (0.0, 0.0)
        for range in accept.split(separator: ",") {
            let parts = range.split(separator: ";").map(Self.trimmed)
            let parameters = parts.dropFirst().map { $0.split(separator: "=", maxSplits: 1).map(Self.trimmed) }
            func value(_ name: String) -> String? { parameters.first { $0.count == 2 && $0[0] == name }?[1] }
            // What is no number is the least that counts.
            let quality = value("q").map { Double($0) ?? 0 } ?? 1
            switch parts.first {
            case "application/openmetrics-text" where ["1.0.0", nil].contains(value("version")):
                openMetrics = max(openMetrics, quality)
            case "text/plain", "text/*", "*/*": text = max(text, quality)
            default: break
            }
        }
        self = openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
    }

    /// In small letters, without blanks and quotes around it.
    private static func trimmed(_ text: Substring) -> String {
        let isAround = { (character: Character) in character == " " || character == "\t" || character == "\"" }
        var text = text.drop(while: isAround)
        while let last = text.last, isAround(last) { text.removeLast() }
        return text.lowercased()
    }
}
