import Testing

@testable import HTTPService

@Suite("Places of a server")
struct PlacesTests {
    private func key(_ port: UInt16, _ client: UInt32) -> Places.Key {
        Places.Key(port: port, client: .ipv4(client))
    }

    @Test("A client with its share makes room for itself, its oldest first")
    func share() {
        var places = Places(limit: 10, share: 2)
        #expect(places.admit(1, key(80, 1)) == nil)
        #expect(places.admit(2, key(80, 2)) == nil)
        #expect(places.admit(3, key(80, 1)) == nil)
        #expect(places.admit(4, key(80, 1)) == 1)
        #expect(places.admit(5, key(81, 1)) == nil)
        #expect(Set(places.all) == [2, 3, 4, 5])
    }

    @Test("When all is taken, the client with the most makes room")
    func heaviest() {
        var places = Places(limit: 5, share: 4)
        for number in 1...3 { #expect(places.admit(UInt64(number), key(80, 7)) == nil) }
        #expect(places.admit(4, key(80, 8)) == nil)
        #expect(places.admit(5, key(80, 9)) == nil)
        #expect(places.admit(6, key(80, 10)) == 1)
        #expect(places.admit(7, key(80, 11)) == 2)
        // All have one: whoever came first.
        #expect(places.admit(8, key(80, 12)) == 3)
        #expect(places.admit(9, key(80, 13)) == 4)
    }

    @Test("Many clients of one port do not take the places of another port's")
    func ports() {
        var places = Places(limit: 100, share: 50)
        #expect(places.admit(1, key(81, 1)) == nil)
        for number in 2...10_000 { _ = places.admit(UInt64(number), key(80, UInt32(number))) }
        #expect(places.count == 100 && places.contains(1))
    }

    @Test("The newest is never the one that goes, and nobody is forgotten", arguments: 1...20)
    func random(seed: UInt64) {
        var generator = Generator(state: seed)
        var places = Places(limit: 20, share: 10)
        var present: Set<UInt64> = []
        for number in 1...UInt64(5_000) {
            if Bool.random(using: &generator), let one = present.randomElement(using: &generator) {
                places.remove(one)
                present.remove(one)
            }
            let key = key(.random(in: 1...4, using: &generator), .random(in: 1...30, using: &generator))
            let leaver = places.admit(number, key)
            present.insert(number)
            if let leaver { #expect(leaver != number && present.remove(leaver) != nil) }
            #expect(places.count == present.count && places.count <= 20)
            #expect(places.oldest() == present.min())
        }
        while let leaver = places.evict() { #expect(present.remove(leaver) != nil) }
        #expect(present.isEmpty)
    }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 31)
        }
    }
}
