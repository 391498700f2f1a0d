internal import HealthChecks

/// Sends what the check says, and looks for what the answer has to hold.
struct ExchangeConversation: Conversation {
    let isStream: Bool
    private let exchange: ServerCheck.Exchange?
    private var search: StreamSearch
    private var count = 0

    /// Bytes of an answer that are looked at.
    static let limit = 1 << 20

    init(_ exchange: ServerCheck.Exchange?, isStream: Bool) {
        self.exchange = exchange
        self.isStream = isStream
        search = StreamSearch(for: exchange?.expect ?? [])
    }

    mutating func open() -> Step {
        guard let exchange else { return isStream ? .over(.up("connected")) : .send([]) }
        return exchange.send.isEmpty && isStream ? .wait : .send(exchange.send)
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> Step {
        count += bytes.count
        if search.find(in: bytes) { return .over(.up("answered as expected")) }
        // A datagram is an answer of its own.
        if !isStream { search = StreamSearch(for: exchange?.expect ?? []) }
        guard count < Self.limit else { return .over(.down("not what was expected in the first MiB of the answer")) }
        return .wait
    }

    func expire(after time: Duration) -> Finding {
        if exchange == nil, !isStream { return .up("no error within \(time.shortText)") }
        return .down(
            count == 0
                ? "no answer within \(time.shortText)" : "not what was expected within \(time.shortText)")
    }
}

/// Looks for bytes in what comes in pieces, each byte once (Knuth, Morris, Pratt).
struct StreamSearch {
    private let wanted: [UInt8]
    /// For each count of bytes that match, how many still match when the next one does not.
    private let fallback: [Int]
    private var matched = 0

    init(for wanted: [UInt8]) {
        self.wanted = wanted
        var fallback = [0, 0]
        for index in 1..<max(1, wanted.count) {
            var length = fallback[index]
            while length > 0, wanted[index] != wanted[length] { length = fallback[length] }
            fallback.append(wanted[index] == wanted[length] ? length + 1 : 0)
        }
        self.fallback = fallback
    }

    /// Whether the bytes are in what has come so far, these included.
    mutating func find(in bytes: some Sequence<UInt8>) -> Bool {
        if matched == wanted.count { return true }
        for byte in bytes {
            while matched > 0, byte != wanted[matched] { matched = fallback[matched] }
            if byte == wanted[matched] { matched += 1 }
            if matched == wanted.count { return true }
        }
        return false
    }
}
