package import HealthChecks

/// What the agent and its checker tell each other: one message in each packet of the socket between them.
///
/// Both ends are the same program, so there is no version in it. Neither believes the other: lengths, counts and numbers
/// are checked, and a packet that does not read ends the conversation.
package enum CheckerMessage: Hashable, Sendable {
    /// A subject's number on this connection; none is used twice.
    package typealias Number = UInt32

    // MARK: To the checker

    /// Check these from now on.
    case add([Assignment])
    case remove([Number])

    // MARK: To the agent

    case results([Report])
    /// The checker is alive, and what it did.
    case beat(CheckerFigures)
    /// Why the checker cannot go on.
    case trouble(String)

    package struct Assignment: Hashable, Sendable {
        package let number: Number
        /// `nil` for one that does not read, or that no check can be made of.
        package let subject: CheckSubject?

        package init(_ number: Number, _ subject: CheckSubject?) {
            self.number = number
            self.subject = subject
        }
    }

    package struct Report: Hashable, Sendable {
        package let number: Number
        package let result: CheckResult

        package init(_ number: Number, _ result: CheckResult) {
            self.number = number
            self.result = result
        }
    }

    /// Bytes of the longest packet.
    package static let maximumSize = 64 << 10
    /// Bytes of the longest subject; one that is longer cannot be checked.
    static let maximumSubject = 32 << 10

    private enum Kind: UInt8 {
        case add = 1
        case remove, results, beat, trouble
    }

    /// The packet.
    package var bytes: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .add(let assignments):
            writer.put(Kind.add.rawValue)
            writer.put(assignments) { $0.put($1) }
        case .remove(let numbers):
            writer.put(Kind.remove.rawValue)
            writer.put(numbers) { $0.put($1) }
        case .results(let reports):
            writer.put(Kind.results.rawValue)
            writer.put(reports) { $0.put($1) }
        case .beat(let figures):
            writer.put(Kind.beat.rawValue)
            writer.put(figures.attempts)
            writer.put(figures.lateness)
            writer.put(figures.open)
        case .trouble(let text):
            writer.put(Kind.trouble.rawValue)
            writer.put(text)
        }
        return writer.bytes
    }

    /// Reads a packet; `nil` if it is none.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.maximumSize else { return nil }
        var reader = WireReader(bytes[...])
        do throws(WireReader.Malformed) {
            self = try Self.read(&reader)
        } catch {
            return nil
        }
        guard reader.isAtEnd else { return nil }
    }

    private static func read(_ reader: inout WireReader) throws(WireReader.Malformed) -> Self {
        switch Kind(rawValue: try reader.integer()) {
        case .add: .add(try reader.list { (reader) throws(WireReader.Malformed) in try reader.assignment() })
        case .remove: .remove(try reader.list { (reader) throws(WireReader.Malformed) in try reader.integer() })
        case .results: .results(try reader.list { (reader) throws(WireReader.Malformed) in try reader.report() })
        case .beat:
            .beat(
                CheckerFigures(
                    attempts: try reader.integer(), lateness: try reader.duration(), open: try reader.integer()))
        case .trouble: .trouble(try reader.reason())
        case nil: throw WireReader.Malformed()
        }
    }
}

/// What a checker has done, as it tells with each beat.
package struct CheckerFigures: Hashable, Sendable {
    /// Attempts since its start.
    package var attempts: UInt64 = 0
    /// The longest time since the last beat that an attempt began after it was due.
    package var lateness: Duration = .zero
    /// Attempts under way.
    package var open: UInt32 = 0

    package init() {}

    init(attempts: UInt64, lateness: Duration, open: UInt32) {
        self.attempts = attempts
        self.lateness = lateness
        self.open = open
    }
}
