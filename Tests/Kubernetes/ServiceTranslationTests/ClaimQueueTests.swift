import Testing

@testable import ServiceTranslation

@Suite struct ClaimQueueTests {
    /// A queue is held to a dictionary that is searched.
    @Test(arguments: 0..<20) func theSmallestIsFirstWhateverComesAndGoes(seed: Int) {
        var random = seed &* 2_654_435_761 &+ 1
        func next(_ limit: Int) -> Int {
            random = (random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407) & .max
            return random >> 33 % limit
        }
        var queue = ClaimQueue<Int, Int>()
        var expected: [Int: Int] = [:]
        for _ in 0..<2_000 {
            let claimant = next(40)
            if next(3) == 0 {
                queue.remove(claimant)
                expected[claimant] = nil
            } else {
                let claim = next(1_000)
                queue.insert(claim, of: claimant)
                expected[claimant] = claim
            }
            #expect(queue.first == expected.values.min())
            #expect(queue.isEmpty == expected.isEmpty)
        }
        #expect(queue.all.sorted() == expected.values.sorted())
    }
}
