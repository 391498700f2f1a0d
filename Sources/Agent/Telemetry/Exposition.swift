internal import Documents

/// Metrics in Prometheus' text format 0.0.4.
package struct Exposition {
    package private(set) var text = ""

    /// The media type of the text.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package enum Kind: String {
        case counter, gauge, histogram
    }

    /// Names and values that tell one series of a family from another, in their order.
    package typealias Labels = [(name: String, value: String)]

    package init() {}

    /// Begins a family; its samples follow.
    ///
    /// - Parameters:
    ///   - name: With the unit, and `_total` for a counter.
    ///   - help: One sentence.
    package mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    package mutating func sample(_ name: String, _ labels: Labels, _ value: some BinaryInteger) {
        write(name, labels, "\(value)")
    }

    package mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
        write(name, labels, Self.number(value))
    }

    /// A family of one series.
    package mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: some BinaryInteger) {
        begin(name, kind, help)
        sample(name, [], value)
    }

    /// A family of one series.
    package mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        begin(name, kind, help)
        sample(name, [], value)
    }

    /// The series of a histogram.
    package mutating func histogram(_ name: String, _ labels: Labels, _ histogram: Histogram) {
        var total: UInt64 = 0
        for (bound, count) in zip(Histogram.bounds, histogram.counts) {
            total += count
            write("\(name)_bucket", labels + [("le", Self.number(bound))], "\(total)")
        }
        write("\(name)_bucket", labels + [("le", "+Inf")], "\(histogram.count)")
        write("\(name)_sum", labels, Self.number(histogram.sum))
        write("\(name)_count", labels, "\(histogram.count)")
    }

    private mutating func write(_ name: String, _ labels: Labels, _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                text += index == 0 ? "" : ","
                text += "\(label.name)=\"\(Self.escape(label.value))\""
            }
            text += "}"
        }
        text += " \(value)\n"
    }

    /// Whole numbers without a point.
    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// The value as the format escapes it; what else is not safe to show is written out.
    private static func escape(_ value: String) -> String {
        guard !value.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x5C && $0 != 0x22 }) else { return value }
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            case _ where scalar.isSafeToShow: escaped.unicodeScalars.append(scalar)
            default: escaped += "\\" + String(scalar).shown
            }
        }
        return escaped
    }
}
