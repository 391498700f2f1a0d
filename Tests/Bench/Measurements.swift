import Documents

/// Figures by name: seconds, or bytes for peaks.
struct Measurements {
    /// The phases of a run of ipvsync, in their order.
    static let phases = ["parse", "read", "plan", "ledger", "apply"]

    var values: [String: Double] = [:]

    subscript(name: String) -> Duration? {
        get { values[name].map { .seconds($0) } }
        set { values[name] = newValue.map { $0 / .seconds(1) } }
    }

    /// As a part hands them to the process that asked for them.
    var document: Document {
        .mapping(values.sorted { $0.key < $1.key }.map { Document.Member($0.key, .number($0.value)) })
    }

    init() {}

    init(_ text: String) throws {
        for pair in try YAMLNode.documents(in: text).first?.mapping ?? [] {
            values[pair.name] = pair.value.scalar.flatMap { Double($0.text) }
        }
    }
}
