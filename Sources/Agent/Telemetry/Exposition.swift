internal import Documents
internal import Glibc
internal import HTTPService

/// Metrics in one of the formats that Prometheus reads.
package struct Exposition {
    /// The written families, and the end of them where the format has one.
    package var text: String { format == .openMetrics ? written + "# EOF\n" : written }

    package let format: ExpositionFormat
    private var written = ""

    package enum Kind: String {
        case counter, gauge, histogram
    }

    /// Names and values that tell one series of a family from another, in their order.
    package typealias Labels = [(name: String, value: String)]

    package init(_ format: ExpositionFormat = .text) { self.format = format }

    /// Begins a family; its samples follow.
    ///
    /// - Parameters:
    ///   - name: With the unit, and `_total` for a counter.
    ///   - help: One sentence.
    package mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        // There a counter's family is called without what its samples end with.
        let isCut = format == .openMetrics && kind == .counter && name.hasSuffix(Self.counterSuffix)
        let family = isCut ? name.dropLast(Self.counterSuffix.utf8.count) : name[...]
        written += "# HELP \(family) \(help)\n# TYPE \(family) \(kind.rawValue)\n"
    }

    private static let counterSuffix = "_total"

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
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            total += count
            write("\(name)_bucket", labels + [("le", self.bound(bound))], "\(total)")
        }
        write("\(name)_bucket", labels + [("le", "+Inf")], "\(histogram.count)")
        write("\(name)_sum", labels, Self.number(histogram.sum))
        write("\(name)_count", labels, "\(histogram.count)")
    }

    /// OpenMetrics writes bounds as numbers with a point.
    private func bound(_ value: Double) -> String { format == .openMetrics ? "\(value)" : Self.number(value) }

    private mutating func write(_ name: String, _ labels: Labels, _ value: String) {
        written += name
        if !labels.isEmpty {
            written += "{"
            for (index, label) in labels.enumerated() {
                written += index == 0 ? "" : ","
                written += "\(label.name)=\"\(Self.escape(label.value))\""
            }
            written += "}"
        }
        written += " \(value)\n"
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

/// How often something took how long, in seconds.
package struct Histogram: Hashable, Sendable {
    /// Upper bounds of the buckets, from half a millisecond to a minute.
    package static let bounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// Upper bounds of this one's buckets.
    package let bounds: [Double]
    /// Of each bucket alone.
    package private(set) var counts: [UInt64]
    /// All of them, those above the last bound too.
    package private(set) var count: UInt64 = 0
    package private(set) var sum = 0.0

    package init(bounds: [Double] = Self.bounds) {
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count)
    }

    package mutating func observe(_ duration: Duration) { observe(seconds: duration / .seconds(1)) }

    package mutating func observe(seconds: Double) {
        count += 1
        sum += seconds
        if let bucket = bounds.firstIndex(where: { seconds <= $0 }) { counts[bucket] += 1 }
    }
}

/// What the agent's own servers count.
struct HTTPMetrics {
    static func write(to text: inout Exposition, _ servers: [(name: String, figures: HTTPFigures)]) {
        let counts = servers.map { ($0.name, $0.figures.current) }
        text.begin("ipvsync_http_connections", .gauge, "Connections to the agent's own servers that are open.")
        for (name, counts) in counts { text.sample("ipvsync_http_connections", [("server", name)], counts.open) }
        text.begin("ipvsync_http_accepted_total", .counter, "Connections that were accepted.")
        for (name, counts) in counts { text.sample("ipvsync_http_accepted_total", [("server", name)], counts.accepted) }
        text.begin("ipvsync_http_answers_total", .counter, "Requests that were answered.")
        for (name, counts) in counts { text.sample("ipvsync_http_answers_total", [("server", name)], counts.answered) }
        text.begin(
            "ipvsync_http_ended_total", .counter,
            "Connections that were ended before their answer: displaced by newer ones, late, or out of descriptors.")
        for (name, counts) in counts {
            for end in HTTPFigures.End.allCases {
                text.sample(
                    "ipvsync_http_ended_total", [("server", name), ("reason", end.rawValue)], counts.ended[end] ?? 0)
            }
        }
    }
}

/// What Prometheus' client libraries tell of every process.
struct ProcessMetrics {
    static func write(to text: inout Exposition, started: WallTime) {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        text.single("process_cpu_seconds_total", .counter, "Processor time in user and system mode.", seconds)
        text.single(
            "process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.", started.seconds)
        if let resident = residentBytes {
            text.single("process_resident_memory_bytes", .gauge, "Resident memory.", resident)
        }
        if let open = openDescriptors { text.single("process_open_fds", .gauge, "Open file descriptors.", open) }
    }

    private static var residentBytes: Int? {
        guard let file = fopen("/proc/self/statm", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) } : nil
    }

    private static var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) { count += entry.pointee.d_name.0 == 0x2E ? 0 : 1 }
        // Not the one that reads the folder.
        return count - 1
    }
}
