internal import CSystem
internal import Glibc
internal import HealthChecks

/// What the body of an answer has to be, held against it piece by piece.
struct BodyCheck {
    private enum Rule {
        case none
        case contains(StreamSearch)
        case matches(Pattern, held: [UInt8])
        case digest(any Digest, wanted: [String])
    }

    private var rule: Rule
    private var count = 0

    /// Bytes of a body that are read.
    static let limit = 1 << 20
    /// Bytes of a body that a regular expression is held against.
    static let patternLimit = 64 << 10

    init(_ body: ServerCheck.Body?) throws(Pattern.Failure) {
        switch body {
        case nil: rule = .none
        case .contains(let text): rule = .contains(StreamSearch(for: Array(text.utf8)))
        case .matches(let pattern): rule = .matches(try Pattern(pattern), held: [])
        case .sha256(let digests): rule = .digest(SHA256(), wanted: digests)
        case .md5(let digests): rule = .digest(MD5(), wanted: digests)
        }
    }

    /// Takes a piece.
    ///
    /// - Returns: A finding when the rest makes no difference.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Finding? {
        count += bytes.count
        switch rule {
        case .none: return count > Self.limit ? .up("") : nil
        case .contains(var search):
            rule = .none
            let isFound = search.find(in: bytes)
            rule = .contains(search)
            if isFound { return .up("") }
            return count > Self.limit ? .down("the text is not in the first MiB of the body") : nil
        case .matches(let pattern, var held):
            rule = .none
            held += bytes.prefix(Self.patternLimit - held.count)
            let isFull = held.count == Self.patternLimit
            defer { rule = .matches(pattern, held: held) }
            guard isFull else { return nil }
            return pattern.matches(held) ? .up("") : .down("the first 64 KiB of the body do not match")
        case .digest(var digest, let wanted):
            rule = .none
            digest.update(bytes)
            rule = .digest(digest, wanted: wanted)
            return count > Self.limit ? .down("the body is longer than a MiB") : nil
        }
    }

    /// The body has ended.
    mutating func finish() -> Finding {
        switch rule {
        case .none: return .up("")
        case .contains(var search):
            return search.find(in: EmptyCollection()) ? .up("") : .down("the text is not in the body")
        case .matches(let pattern, let held):
            return pattern.matches(held) ? .up("") : .down("the body does not match")
        case .digest(var digest, let wanted):
            let found = digest.finish()
            return wanted.contains(found) ? .up("") : .down("the body's digest is \(found)")
        }
    }
}

/// A POSIX extended regular expression.
///
/// The C library matches it in a time that grows with the text, unless it has a back reference, which may take for
/// ever: such a pattern is refused. It keeps what it learns of each text, so each attempt has one of its own.
final class Pattern {
    struct Failure: Error {
        let reason: String
    }

    private var compiled = regex_t()

    init(_ text: String) throws(Failure) {
        guard text.utf8.count <= 1_024 else { throw Failure(reason: "the pattern is longer than 1024 bytes") }
        guard !Self.hasBackReference(text) else { throw Failure(reason: "the pattern has a back reference") }
        let code = regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB)
        guard code == 0 else {
            var message = [CChar](repeating: 0, count: 128)
            regerror(code, &compiled, &message, message.count)
            let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw Failure(reason: "the pattern: \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    deinit { regfree(&compiled) }

    func matches(_ bytes: [UInt8]) -> Bool {
        // A NUL would end the text for the C library.
        var text = bytes.map { CChar(bitPattern: $0 == 0 ? 0x20 : $0) }
        text.append(0)
        return regexec(&compiled, text, 0, nil, 0) == 0
    }

    /// A backslash before a digit, outside of a bracket or not: who means the digit writes it alone.
    private static func hasBackReference(_ text: String) -> Bool {
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(byte) { return true }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return false
    }
}
