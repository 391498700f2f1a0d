package import Configuration

/// Something that is said of a statement: that it does not carry over, or what takes its place.
package struct MigrationNote: Hashable, Sendable, CustomStringConvertible {
    package let place: SourcePlace
    package let text: String

    /// `keepalived.conf:3: what there is to say`.
    package var description: String { "\(place): \(text)" }
}

/// What a migration finds out on its way: notes, and what is wrong.
final class Findings {
    private struct Kind {
        let place: SourcePlace
        let text: String
        var count = 1
    }

    private(set) var errors = ConfigurationErrors()
    private var kinds: [Kind] = []
    /// Where each kind of note stands, by its text.
    private var indices: [String: Int] = [:]
    private var omitted = 0

    /// How many kinds of notes are kept.
    private static let maximumKinds = 1000

    /// One note for each text, at its first place.
    var notes: [MigrationNote] {
        var notes = kinds.map { kind in
            MigrationNote(
                place: kind.place, text: kind.count == 1 ? kind.text : "\(kind.text) (and \(kind.count - 1) more)")
        }
        if omitted > 0, let last = kinds.last {
            notes.append(MigrationNote(place: last.place, text: "\(omitted) more notes are left out"))
        }
        return notes
    }

    func note(_ place: SourcePlace, _ text: String) {
        if let index = indices[text] {
            kinds[index].count += 1
        } else if kinds.count < Self.maximumKinds {
            indices[text] = kinds.count
            kinds.append(Kind(place: place, text: text))
        } else {
            omitted += 1
        }
    }

    func report(_ place: SourcePlace, object: String? = nil, _ problem: String, _ remedy: String?) {
        errors.append(
            ConfigurationError(file: place.file, line: place.line, object: object, problem: problem, remedy: remedy))
    }
}
