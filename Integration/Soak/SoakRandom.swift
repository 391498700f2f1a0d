import TestSupport

/// Choices that are the same for the same seed.
final class SoakRandom {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// Another one, for what runs inside what this one is used by.
    func fork() -> SoakRandom { SoakRandom(seed: generator.next()) }

    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// Whether something of that probability happens.
    func happens(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < probability }

    /// One of several, of which there has to be one.
    func one<Value>(of values: [Value]) -> Value { values[number(0...(values.count - 1))] }

    /// So many of several, in their order.
    func some<Value>(of values: [Value], _ probability: Double) -> [Value] {
        values.filter { _ in happens(probability) }
    }
}
