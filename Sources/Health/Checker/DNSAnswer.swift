internal import LoadBalancing

/// A DNS server's answer, read without believing a byte of it.
struct DNSAnswer: Hashable {
    let code: UInt8
    let isTruncated: Bool
    /// The data of the records of the type that was asked for, as people write it.
    let records: [String]

    /// As many as are looked at; a datagram has room for no more than some thousand.
    private static let mostRecords = 1_024
    private static let internet: UInt16 = 1

    /// Reads an answer.
    ///
    /// - Returns: `nil` if it is none to this question: another identifier, another name, or nothing that reads.
    init?(_ message: [UInt8], to question: DNSQuestion, _ identifier: UInt16) {
        var reader = Reader(message)
        guard reader.word() == identifier, let flags = reader.word(), let questions = reader.word(),
            let answers = reader.word(), reader.skip(4),
            // An answer, and to a standard query.
            flags & 0xF800 == 0x8000
        else { return nil }
        code = UInt8(flags & 0xF)
        isTruncated = flags & 0x0200 != 0
        // A server that cannot read the question does not repeat it.
        if questions == 0, code != 0 {
            records = []
            return
        }
        guard questions == 1, let labels = reader.name(), labels.map({ $0.map(DNSQuestion.lower) }) == question.labels,
            reader.word() == question.type, reader.word() == Self.internet
        else { return nil }
        var records: [String] = []
        for _ in 0..<min(Int(answers), Self.mostRecords) {
            guard let record = reader.record() else {
                // What is cut short ends anywhere.
                guard flags & 0x0200 != 0 else { return nil }
                break
            }
            guard record.type == question.type, record.class == Self.internet else { continue }
            guard let text = reader.text(of: record) else { return nil }
            records.append(text)
        }
        self.records = records
    }

    /// `SERVFAIL` and its kin.
    var codeName: String {
        let names = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]
        return Int(code) < names.count ? names[Int(code)] : "RCODE \(code)"
    }

    /// The data of a record in the form in which ``records`` has it.
    static func canonical(_ text: String, type: UInt16) -> String {
        switch type {
        case 1, 28: return IPAddress(text).map { "\($0)" } ?? text
        case 16: return text
        default:
            let words = text.lowercased().split(separator: " ")
            return words.map { $0.count > 1 && $0.hasSuffix(".") ? $0.dropLast() : $0 }.joined(separator: " ")
        }
    }
}

extension DNSAnswer {
    struct Record {
        let type: UInt16
        let `class`: UInt16
        let data: Range<Int>
    }

    /// A place in a message.
    struct Reader {
        private let message: [UInt8]
        private var place = 0

        init(_ message: [UInt8]) { self.message = message }

        mutating func word() -> UInt16? {
            guard message.count - place >= 2 else { return nil }
            defer { place += 2 }
            return UInt16(message[place]) << 8 | UInt16(message[place + 1])
        }

        mutating func skip(_ count: Int) -> Bool {
            guard message.count - place >= count else { return false }
            place += count
            return true
        }

        mutating func name() -> [[UInt8]]? {
            guard let (labels, end) = name(at: place) else { return nil }
            place = end
            return labels
        }

        mutating func record() -> Record? {
            guard name() != nil, let type = word(), let `class` = word(), skip(4), let length = word() else {
                return nil
            }
            let start = place
            guard skip(Int(length)) else { return nil }
            return Record(type: type, class: `class`, data: start..<place)
        }

        /// Follows pointers only backwards, so that none leads round in a circle.
        private func name(at start: Int) -> (labels: [[UInt8]], end: Int)? {
            var labels: [[UInt8]] = []
            var (place, limit) = (start, start)
            var end: Int?
            var size = 1
            while place < message.count {
                let length = Int(message[place])
                switch length >> 6 {
                case 0 where length == 0: return (labels, end ?? place + 1)
                case 0:
                    size += length + 1
                    guard size <= 255, place + 1 + length <= message.count else { return nil }
                    labels.append(Array(message[(place + 1)..<(place + 1 + length)]))
                    place += 1 + length
                case 3:
                    guard place + 1 < message.count else { return nil }
                    let target = (length & 0x3F) << 8 | Int(message[place + 1])
                    guard target < limit else { return nil }
                    end = end ?? place + 2
                    (place, limit) = (target, target)
                default: return nil
                }
            }
            return nil
        }

        /// The record's data as people write it; `nil` if it does not read.
        func text(of record: Record) -> String? {
            let data = message[record.data]
            switch record.type {
            case 1:
                guard data.count == 4 else { return nil }
                return "\(IPAddress(v4: data.reduce(0) { $0 << 8 | UInt32($1) }))"
            case 28:
                guard data.count == 16 else { return nil }
                let halves = [data.prefix(8), data.suffix(8)].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
                return "\(IPAddress(v6High: halves[0], low: halves[1]))"
            case 2, 5, 12: return words(record, numbers: 0)
            case 15: return words(record, numbers: 1)
            case 33: return words(record, numbers: 3)
            case 6: return start(record)
            default: return strings(data)
            }
        }

        /// Numbers of 16 bits, then a name.
        private func words(_ record: Record, numbers: Int) -> String? {
            var reader = self
            reader.place = record.data.lowerBound
            var words: [String] = []
            for _ in 0..<numbers {
                guard let number = reader.word() else { return nil }
                words.append("\(number)")
            }
            guard let name = reader.name(), reader.place == record.data.upperBound else { return nil }
            return (words + [Self.text(name)]).joined(separator: " ")
        }

        /// The start of a zone's authority: two names, then five numbers of 32 bits.
        private func start(_ record: Record) -> String? {
            var reader = self
            reader.place = record.data.lowerBound
            guard let server = reader.name(), let mailbox = reader.name() else { return nil }
            var words = [Self.text(server), Self.text(mailbox)]
            for _ in 0..<5 {
                guard let high = reader.word(), let low = reader.word() else { return nil }
                words.append("\(UInt32(high) << 16 | UInt32(low))")
            }
            return reader.place == record.data.upperBound ? words.joined(separator: " ") : nil
        }

        /// Texts with a length before each, joined.
        private func strings(_ data: ArraySlice<UInt8>) -> String? {
            var (rest, text) = (data, [UInt8]())
            while let length = rest.popFirst() {
                guard rest.count >= length else { return nil }
                text += rest.prefix(Int(length))
                rest = rest.dropFirst(Int(length))
            }
            return String(decoding: text, as: UTF8.self)
        }

        private static func text(_ labels: [[UInt8]]) -> String {
            labels.isEmpty
                ? "." : labels.map { String(decoding: $0.map(DNSQuestion.lower), as: UTF8.self) }.joined(separator: ".")
        }
    }
}
