import Testing

@testable import NFTables

@Suite struct RulesetGenerationTests {
    /// A kernel's answer: generation 0x102, asked for by process 7, `nft`.
    private let answer: [UInt8] = [
        44, 0, 0, 0, 15, 10, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 1, 2,
        8, 0, 1, 0, 0, 0, 1, 2, 8, 0, 2, 0, 0, 0, 0, 7, 8, 0, 3, 0, 110, 102, 116, 0,
    ]

    @Test func readsTheNumber() { #expect(RulesetGeneration.generation(in: answer[...]) == 0x102) }

    @Test func everyCutIsHarmless() {
        for count in 0..<28 { #expect(RulesetGeneration.generation(in: answer.prefix(count)) == nil) }
    }

    @Test func everyByteMayBeWrong() {
        for index in answer.indices {
            for value in [0, 1, 3, 255] as [UInt8] {
                var bytes = answer
                bytes[index] = value
                _ = RulesetGeneration.generation(in: bytes[...])
            }
        }
    }

    @Test func anErrorIsNoNumber() {
        let error: [UInt8] = [36, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0xEA, 0xFF, 0xFF, 0xFF]
        #expect(RulesetGeneration.generation(in: error[...]) == nil)
    }
}
