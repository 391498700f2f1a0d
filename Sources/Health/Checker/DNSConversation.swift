internal import HealthChecks
internal import LoadBalancing

/// One question to a DNS server over UDP (RFC 1035).
struct DNSConversation: Conversation {
    let isStream = false
    private let probe: ServerCheck.DNSProbe
    private let identifier: UInt16
    private let question: DNSQuestion?

    init(_ probe: ServerCheck.DNSProbe, identifier: UInt16 = .random(in: 0...UInt16.max)) {
        self.probe = probe
        self.identifier = identifier
        question = DNSQuestion(name: probe.name, type: probe.type)
    }

    mutating func open() -> Step {
        guard let question else { return .over(.unknown("\(probe.type) \(probe.name) cannot be asked for")) }
        return .send(question.query(identifier))
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> Step {
        // What is no answer to this question is nobody's answer: another may come yet.
        guard let question, let answer = DNSAnswer(Array(bytes), to: question, identifier) else { return .wait }
        let subject = "\(probe.type) \(probe.name)"
        guard answer.code == 0 else { return .over(.down("\(answer.codeName) for \(subject)")) }
        guard let expected = probe.answer else { return .over(.up("\(answer.records.count) answers for \(subject)")) }
        let wanted = DNSAnswer.canonical(expected, type: question.type)
        if answer.records.contains(wanted) { return .over(.up("\(expected) for \(subject)")) }
        let found = answer.isTruncated ? "an answer that is cut short" : answer.records.first ?? "no answer"
        return .over(.down("\(found) in the place of \(expected) for \(subject)"))
    }
}

/// What is asked.
struct DNSQuestion: Hashable {
    /// In lower case.
    let labels: [[UInt8]]
    let type: UInt16

    static let types: [String: UInt16] = [
        "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
    ]

    /// `nil` for a type that is not known, or a name that fits no question.
    init?(name: String, type: String) {
        guard let type = Self.types[type.uppercased()] else { return nil }
        var name = name[...]
        if name.hasSuffix(".") { name = name.dropLast() }
        let labels = name.isEmpty ? [] : name.split(separator: ".", omittingEmptySubsequences: false)
        self.labels = labels.map { $0.utf8.map(Self.lower) }
        self.type = type
        guard self.labels.allSatisfy({ (1...63).contains($0.count) }),
            self.labels.reduce(1, { $0 + $1.count + 1 }) <= 255
        else { return nil }
    }

    func query(_ identifier: UInt16) -> [UInt8] {
        var writer = WireWriter()
        writer.put(identifier)
        // Recursion is desired, as a client's question is.
        for word: UInt16 in [0x0100, 1, 0, 0, 0] { writer.put(word) }
        var bytes = writer.bytes
        for label in labels { bytes += [UInt8(label.count)] + label }
        return bytes + [0, UInt8(type >> 8), UInt8(type & 0xFF), 0, 1]
    }

    static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
