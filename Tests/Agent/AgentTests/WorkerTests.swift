import Glibc
import Testing

@testable import Agent

@Suite struct WorkerTests {
    private func isReadable(_ inbox: Inbox<Int>) -> Bool {
        var polled = pollfd(fd: inbox.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) == 1
    }

    /// A loop that looks only at descriptors with news misses nothing, and is not woken for nothing.
    @Test func anInboxCanBeReadWhileSomethingWaits() {
        let inbox = Inbox<Int>()
        #expect(!isReadable(inbox) && inbox.take().isEmpty)
        inbox.put(1)
        inbox.put(2)
        #expect(isReadable(inbox))
        #expect(inbox.take() == [1, 2])
        #expect(!isReadable(inbox) && inbox.take().isEmpty)
        inbox.put(3)
        #expect(isReadable(inbox) && inbox.take() == [3])
    }

    @Test func whatManyThreadsPutInComesOut() {
        let inbox = Inbox<Int>()
        let workers = (0..<4).map { number in
            Worker<Int, Int>({ number * 1_000 + $0 }, done: inbox.put)
        }
        for job in 0..<1_000 { for worker in workers { worker.hand(job) } }
        var found: Set<Int> = []
        var polled = pollfd(fd: inbox.descriptor, events: Int16(POLLIN), revents: 0)
        while found.count < 4_000, poll(&polled, 1, 30_000) == 1 { found.formUnion(inbox.take()) }
        #expect(found.count == 4_000)
        #expect(!isReadable(inbox))
    }
}
