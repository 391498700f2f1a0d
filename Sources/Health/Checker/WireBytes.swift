/// What a message is written with: integers in network byte order, and texts and lists with their lengths before them.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ flag: Bool) { put(UInt8(flag ? 1 : 0)) }

    /// Nanoseconds.
    mutating func put(_ duration: Duration) { put(Int64(clamping: duration.nanoseconds)) }

    mutating func put(_ content: [UInt8]) {
        put(UInt32(clamping: content.count))
        bytes += content
    }

    mutating func put(_ text: String) { put(Array(text.utf8)) }

    mutating func put<Value>(_ value: Value?, _ write: (inout WireWriter, Value) -> Void) {
        put(value != nil)
        if let value { write(&self, value) }
    }

    mutating func put<Value>(_ list: [Value], _ write: (inout WireWriter, Value) -> Void) {
        put(UInt32(clamping: list.count))
        for value in list { write(&self, value) }
    }
}

/// Reads what a ``WireWriter`` wrote, and believes none of it: every length is held against what is there.
struct WireReader {
    /// What is there does not read as it should.
    struct Malformed: Error {}

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(Malformed) -> Value {
        let size = Value.bitWidth / 8
        guard rest.count >= size else { throw Malformed() }
        defer { rest.removeFirst(size) }
        return rest.prefix(size).reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
    }

    mutating func flag() throws(Malformed) -> Bool {
        switch try integer(UInt8.self) {
        case 0: false
        case 1: true
        default: throw Malformed()
        }
    }

    mutating func duration() throws(Malformed) -> Duration { .nanoseconds(try integer(Int64.self)) }

    mutating func content() throws(Malformed) -> [UInt8] {
        let count = Int(try integer(UInt32.self))
        guard rest.count >= count else { throw Malformed() }
        defer { rest.removeFirst(count) }
        return Array(rest.prefix(count))
    }

    /// UTF-8 without a NUL, at which the C library would cut it.
    mutating func text() throws(Malformed) -> String {
        let content = try content()
        guard !content.contains(0), let text = String(validating: content, as: UTF8.self) else { throw Malformed() }
        return text
    }

    mutating func optional<Value>(
        _ read: (inout WireReader) throws(Malformed) -> Value
    ) throws(Malformed) -> Value? {
        try flag() ? try read(&self) : nil
    }

    /// A list whose elements take at least a byte each: no count makes it larger than what is there.
    mutating func list<Value>(_ read: (inout WireReader) throws(Malformed) -> Value) throws(Malformed) -> [Value] {
        let count = Int(try integer(UInt32.self))
        guard count <= rest.count else { throw Malformed() }
        var values: [Value] = []
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }
}

extension Duration {
    /// The whole nanoseconds.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : whole + attoseconds / 1_000_000_000
    }
}
