import TestSupport

/// Makes new inputs out of a corpus: bits, bytes, lengths, cuts, repetitions and splices.
struct Mutator {
    static let maximumSize = 16 << 10

    private var generator: SeededGenerator
    private let corpus: [[UInt8]]
    /// Values at which parsers tend to go wrong.
    private static let interesting: [UInt8] = [
        0, 1, 3, 4, 7, 0x7F, 0x80, 0xFF, 0x0A, 0x20, 0x2D, 0x3A, 0x5B, 0x7B, 0x2A, 0x26,
    ]

    init(seed: UInt64, corpus: [[UInt8]]) {
        generator = SeededGenerator(seed: seed)
        self.corpus = corpus
    }

    mutating func next() -> [UInt8] {
        var bytes = corpus[number(corpus.count)]
        for _ in 0...number(8) { mutate(&bytes) }
        return Array(bytes.prefix(Self.maximumSize))
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = corpus[number(corpus.count)]
            return
        }
        let position = number(bytes.count)
        switch number(7) {
        case 0: bytes[position] ^= 1 << UInt8(number(8))
        case 1: bytes[position] = Self.interesting[number(Self.interesting.count)]
        case 2: bytes[position] = UInt8(number(256))
        case 3: bytes.removeSubrange(position..<min(bytes.count, position + 1 + number(16)))
        case 4: bytes.insert(Self.interesting[number(Self.interesting.count)], at: position)
        case 5:
            let piece = bytes[position..<min(bytes.count, position + 1 + number(64))]
            bytes.insert(contentsOf: piece, at: number(bytes.count))
        default:
            let other = corpus[number(corpus.count)]
            bytes.replaceSubrange(position..., with: other[min(other.count, number(other.count + 1))...])
        }
    }

    private mutating func number(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
}
