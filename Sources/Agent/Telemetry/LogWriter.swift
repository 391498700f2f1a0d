internal import Glibc
internal import HTTPService
internal import Logging
internal import Synchronization

/// Takes log lines, and has a thread of its own write them: whoever logs never waits for the log's reader.
///
/// What comes while the queue is full is lost, and so is what nobody reads; a line tells how much as soon as lines go
/// out again.
package final class LogWriter: Sendable {
    /// The process' log.
    package static let standardError = LogWriter(STDERR_FILENO)

    private let queue: LogQueue

    /// - Parameters:
    ///   - lines: Lines that may wait.
    ///   - bytes: Bytes that these may have.
    package init(_ descriptor: Int32, lines: Int = 10_000, bytes: Int = 4 << 20) {
        let queue = LogQueue(descriptor, lines: lines, bytes: bytes)
        self.queue = queue
        do throws(HTTPServiceError) {
            try ServerThread("log", at: "the log") { queue.run() }.detach()
        } catch {
            queue.doWithoutThread()
        }
    }

    deinit { queue.end() }

    /// Takes a line with its end. It never blocks.
    ///
    /// - Parameter format: How a line that tells of lost ones is written.
    package func put(_ line: String, _ format: LineLogHandler.Format) { queue.put(line, format) }

    /// Lines that nobody will read.
    package var lost: UInt64 { queue.lost }

    /// Waits until all lines are written, for as long as that at most.
    ///
    /// - Returns: Whether they are.
    @discardableResult package func flush(within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        while !queue.isIdle {
            guard ContinuousClock.now < end else { return false }
            usleep(2_000)
        }
        return true
    }
}

/// The lines that wait, between those who log and the thread that writes.
private final class LogQueue: Sendable {
    private struct State {
        var lines: [String] = []
        /// Those before it are written.
        var head = 0
        var bytes = 0
        var isWriting = false
        /// Whether the last line could not be written.
        var isBroken = false
        /// Whether the last line is there in part.
        var isCut = false
        var isEnded = false
        var hasThread = true
        var lost: UInt64 = 0
        /// How many of these were told of.
        var told: UInt64 = 0
        var format = LineLogHandler.Format.text

        var isEmpty: Bool { head == lines.count }
        /// Lost lines that are to be told of now: with nobody who reads, the word waits for a line that goes out again.
        var news: UInt64 { isBroken ? 0 : lost - told }

        mutating func popFirst() -> String? {
            guard !isEmpty else { return nil }
            let line = lines[head]
            lines[head] = ""
            head += 1
            if head == lines.count || head >= 1_024 {
                lines.removeFirst(head)
                head = 0
            }
            bytes -= line.utf8.count
            return line
        }
    }

    private let state = Mutex(State())
    private let wake: Wake
    private let descriptor: Int32
    private let lines: Int
    private let bytes: Int

    /// Counts up when a line has come to an empty queue.
    private final class Wake: @unchecked Sendable {
        private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() { sem_init(semaphore, 0, 0) }

        deinit {
            sem_destroy(semaphore)
            semaphore.deallocate()
        }

        func post() { sem_post(semaphore) }
        func wait() { while sem_wait(semaphore) != 0, errno == EINTR {} }
    }

    init(_ descriptor: Int32, lines: Int, bytes: Int) {
        self.descriptor = descriptor
        self.lines = lines
        self.bytes = bytes
        wake = Wake()
    }

    var lost: UInt64 { state.withLock(\.lost) }
    var isIdle: Bool { state.withLock { $0.isEmpty && !$0.isWriting && ($0.news == 0 || !$0.hasThread) } }

    func put(_ line: String, _ format: LineLogHandler.Format) {
        let isAlone = state.withLock { state in
            state.format = format
            guard state.hasThread else { return true }
            guard state.lines.count - state.head < lines, state.bytes + line.utf8.count <= bytes else {
                state.lost += 1
                return false
            }
            state.lines.append(line)
            state.bytes += line.utf8.count
            wake.post()
            return false
        }
        if isAlone { writeAlone(line) }
    }

    /// There is no thread to wait in: a line goes out at once or not at all.
    private func writeAlone(_ line: String) {
        var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if poll(&polled, 1, 0) < 1 || !write(line) { state.withLock { $0.lost += 1 } }
    }

    func doWithoutThread() { state.withLock { $0.hasThread = false } }

    func end() {
        state.withLock { $0.isEnded = true }
        wake.post()
    }

    /// Writes until the end.
    func run() {
        while true {
            wake.wait()
            while let (text, count) = next() {
                let isWritten = write(text)
                state.withLock { state in
                    state.isWriting = false
                    state.isBroken = !isWritten
                    guard !isWritten else { return }
                    // A word on lost lines that is lost itself is said again.
                    if count > 0 { state.told -= count } else { state.lost += 1 }
                }
            }
            if state.withLock({ $0.isEnded }) { return }
        }
    }

    /// What is to be written next: a word on lost lines, with their number, or a line, with 0.
    private func next() -> (text: String, lost: UInt64)? {
        state.withLock { state in
            let news = state.news
            if news > 0 {
                state.told = state.lost
                state.isWriting = true
                let word = LineLogHandler.line(
                    state.format, .warning, "log lines lost: their reader was too slow or gone",
                    [("count", "\(news)")], at: .now)
                return (word, news)
            }
            return state.popFirst().map { line in
                state.isWriting = true
                return (line, 0)
            }
        }
    }

    private func write(_ line: String) -> Bool {
        // What was cut is ended, for it not to spoil the next line.
        let isCut = state.withLock(\.isCut)
        var rest = Array((isCut ? "\n" + line : line).utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                state.withLock { $0.isCut = !rest.isEmpty }
            } else if errno == EAGAIN {
                // Another process made it so for all who share it.
                var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&polled, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
