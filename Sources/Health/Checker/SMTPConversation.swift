/// A mail server's greeting, and its answer to `HELO` (RFC 5321, 3.1 and 4.2).
struct SMTPConversation: Conversation {
    let isStream = true
    private let helo: String
    private var isGreeted = false
    private var line: [UInt8] = []
    private var lines = 0

    /// RFC 5321, 4.5.3.1.5 has 512 bytes in a line; some send more.
    private static let longestLine = 2_048
    private static let mostLines = 100

    init(helo: String) { self.helo = helo }

    mutating func open() -> Step { .wait }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> Step {
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                guard line.count <= Self.longestLine else { return .over(.down("a line of the answer is too long")) }
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            lines += 1
            let step = read(line)
            line = []
            guard step == .wait else { return step }
            guard lines < Self.mostLines else { return .over(.down("the answer has too many lines")) }
        }
        return .wait
    }

    private mutating func read(_ line: [UInt8]) -> Step {
        let digits = line.prefix(3)
        let text = Reason.line(String(decoding: line.prefix(120), as: UTF8.self))
        guard digits.count == 3, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return .over(.down("not an answer of SMTP: \(text)"))
        }
        // Another line of the same answer follows.
        if line.dropFirst(3).first == UInt8(ascii: "-") { return .wait }
        let wanted = isGreeted ? "250" : "220"
        guard String(decoding: digits, as: UTF8.self) == wanted else {
            return .over(.down(isGreeted ? "HELO: \(text)" : text), farewell: Self.quit)
        }
        guard isGreeted else {
            isGreeted = true
            return .send(Array("HELO \(helo)\r\n".utf8))
        }
        return .over(.up(text), farewell: Self.quit)
    }

    private static let quit = Array("QUIT\r\n".utf8)
}
