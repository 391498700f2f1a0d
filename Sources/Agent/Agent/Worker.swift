internal import CSystem
internal import Glibc
internal import Synchronization

/// A thread of its own that does one job after the other, however long one takes: whoever hands it a job does not wait.
package final class Worker<Job: Sendable, Outcome: Sendable>: Sendable {
    private let mailbox: Mailbox

    /// - Parameters:
    ///   - work: Does a job. Only the worker's thread calls it.
    ///   - done: Told of each outcome, on the worker's thread.
    package init(_ work: @escaping (Job) -> Outcome, done: @escaping @Sendable (Outcome) -> Void) {
        mailbox = Mailbox(work, done)
        mailbox.start()
    }

    deinit { mailbox.close() }

    /// Hands over a job; it is done after those before it.
    package func hand(_ job: Job) { mailbox.put(job) }

    /// Waits until nothing is under way; says whether that came about in time.
    package func finish(by end: ContinuousClock.Instant) -> Bool { mailbox.finish(by: end) }

    private final class Mailbox: Sendable {
        private struct State {
            var jobs: ArraySlice<Job> = []
            var isBusy = false
            var isClosed = false
        }

        private let state = Mutex(State())
        /// Counts the jobs that wait.
        private let descriptor: Int32
        /// Only the thread calls it; without a thread, whoever hands over a job.
        private nonisolated(unsafe) let work: (Job) -> Outcome
        private let done: @Sendable (Outcome) -> Void
        private let hasThread = Mutex(false)

        init(_ work: @escaping (Job) -> Outcome, _ done: @escaping @Sendable (Outcome) -> Void) {
            descriptor = eventfd(0, Int32(EFD_CLOEXEC))
            self.work = work
            self.done = done
        }

        deinit { Glibc.close(descriptor) }

        func start() {
            guard descriptor >= 0, let thread = BackgroundWork.start({ [self] in run() }) else { return }
            pthread_detach(thread)
            hasThread.withLock { $0 = true }
        }

        func put(_ job: Job) {
            // Where no thread is to be had, the job is done at once.
            guard hasThread.withLock(\.self) else { return done(work(job)) }
            state.withLock { $0.jobs.append(job) }
            eventfd_write(descriptor, 1)
        }

        func close() {
            state.withLock { $0.isClosed = true }
            eventfd_write(descriptor, 1)
        }

        private func run() {
            var count: eventfd_t = 0
            while true {
                while let job = next() {
                    done(work(job))
                    state.withLock { $0.isBusy = false }
                }
                if state.withLock(\.isClosed) { return }
                eventfd_read(descriptor, &count)
            }
        }

        private func next() -> Job? {
            state.withLock { state in
                guard !state.isClosed, let job = state.jobs.popFirst() else { return nil }
                state.isBusy = true
                return job
            }
        }

        func finish(by end: ContinuousClock.Instant) -> Bool {
            while state.withLock({ $0.isBusy || !$0.jobs.isEmpty }) {
                guard ContinuousClock.now < end else { return false }
                usleep(1_000)
            }
            return true
        }
    }
}

/// Where outcomes wait for the loop, which polls its descriptor.
package final class Inbox<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    /// Readable while something waits.
    package let descriptor: Int32

    package init() { descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }

    deinit { close(descriptor) }

    /// Puts something in; from any thread.
    package func put(_ value: Value) {
        values.withLock { values in
            // The descriptor can be read exactly while something waits.
            if values.isEmpty { eventfd_write(descriptor, 1) }
            values.append(value)
        }
    }

    /// Takes out what waits.
    package func take() -> [Value] {
        values.withLock { values in
            guard !values.isEmpty else { return [] }
            var count: eventfd_t = 0
            eventfd_read(descriptor, &count)
            defer { values = [] }
            return values
        }
    }
}
