import Documents
import Testing

@testable import Presentation

@Suite struct ChangeFollowerTests {
    private func answer(_ process: Int64, total: UInt64, _ numbers: ClosedRange<Int64>? = nil) -> AgentStatus {
        AgentStatus([
            "pid": .integer(process),
            "changes": [
                "total": .unsigned(total),
                "latest": .sequence((numbers.map(Array.init) ?? []).map { ["number": .integer($0)] }),
            ],
        ])
    }

    @Test func eachChangeIsNewOnce() {
        var follower = ChangeFollower()
        #expect(follower.number == 0)
        #expect(follower.follow(answer(1, total: 3, 1...3)) == ChangeFollower.News())
        #expect(follower.number == 3)
        #expect(follower.follow(answer(1, total: 5, 4...5))?.changes.map(\.number) == [4, 5])
        #expect(follower.follow(answer(1, total: 5)) == ChangeFollower.News())
        #expect(follower.number == 5)
    }

    @Test func theFirstChangesOfAnAgentThatCameAreNew() {
        var follower = ChangeFollower()
        follower.noteAbsence()
        #expect(follower.follow(answer(1, total: 2, 1...2))?.changes.map(\.number) == [1, 2])
    }

    @Test func anAgentThatStartsAnewIsAskedAgain() {
        var follower = ChangeFollower()
        _ = follower.follow(answer(1, total: 9, 1...9))
        #expect(follower.follow(answer(2, total: 2)) == nil)
        #expect(follower.number == 0)
        #expect(follower.follow(answer(2, total: 2, 1...2))?.changes.map(\.number) == [1, 2])
    }

    @Test func whatTheAgentHasForgottenIsCounted() {
        var follower = ChangeFollower()
        _ = follower.follow(answer(1, total: 10))
        let news = follower.follow(answer(1, total: 700, 201...700))
        #expect(news?.missed == 190 && news?.changes.count == 500)
    }
}
