import Glibc
import Logging
import Testing

@testable import Telemetry

/// Whoever logs goes on, whatever the reader of the log does.
@Suite struct LogWriterTests {
    private struct Pipe {
        let reader: Int32
        let writer: Int32

        init() {
            var ends: [Int32] = [0, 0]
            #expect(pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
        }

        /// Reads until the writer has written all it has.
        func lines(from writer: LogWriter) -> [String] {
            #expect(fcntl(reader, F_SETFL, O_NONBLOCK) == 0)
            var bytes: [UInt8] = []
            var isLast = false
            while true {
                var buffer = [UInt8](repeating: 0, count: 64 << 10)
                let length = read(reader, &buffer, buffer.count)
                if length > 0 {
                    bytes += buffer[..<length]
                } else if isLast {
                    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
                } else {
                    isLast = writer.flush(within: .milliseconds(10))
                }
            }
        }
    }

    @Test func linesGoOutInOrder() {
        let pipe = Pipe()
        let writer = LogWriter(pipe.writer)
        var log = Logger(label: "test") { _ in LineLogHandler(LogStyle(.text, level: .info), writer: writer) }
        log.logLevel = .info
        for number in 0..<100 { log.info("line \(number)") }
        let lines = pipe.lines(from: writer)
        #expect(lines.count == 100 && zip(lines, 0...).allSatisfy { $0.hasSuffix("line \($1)") })
        #expect(writer.lost == 0)
    }

    /// A configuration that is read again may say it.
    @Test func theStyleMayChange() {
        let pipe = Pipe()
        let writer = LogWriter(pipe.writer)
        let style = LogStyle(.text, level: .warning)
        let log = Logger(label: "test") { _ in LineLogHandler(style, writer: writer) }
        log.info("unheard")
        style.use(.json, level: .debug)
        log.debug("heard")
        let lines = pipe.lines(from: writer)
        #expect(lines.count == 1 && lines[0].contains(#""message":"heard""#))
    }

    /// Without a thread of its own for writing, this would never end.
    @Test(arguments: [(lines: 50, bytes: 1 << 20), (lines: 100_000, bytes: 10_000)])
    func aPipeThatNobodyReadsStopsNobody(limits: (lines: Int, bytes: Int)) {
        let pipe = Pipe()
        let writer = LogWriter(pipe.writer, lines: limits.lines, bytes: limits.bytes)
        let text = String(repeating: "x", count: 99) + "\n"
        var count = 0
        // Until the pipe is full, and the queue too.
        while writer.lost == 0 || writer.flush(within: .milliseconds(10)) {
            for _ in 0..<1_000 { writer.put(text, .text) }
            count += 1_000
        }
        // Somebody reads after all: what was lost is told of.
        let written = count - Int(writer.lost)
        let lines = pipe.lines(from: writer)
        let words = lines.filter { $0.contains("log lines lost") }
        let told = words.compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }.reduce(0, +)
        #expect(UInt64(told) == writer.lost && lines.count - words.count == written)
    }

    @Test func aReaderThatIsGoneStopsNobody() {
        let pipe = Pipe()
        close(pipe.reader)
        let writer = LogWriter(pipe.writer)
        for _ in 0..<10 { writer.put("line\n", .json) }
        #expect(writer.flush(within: .seconds(60)) && writer.lost == 10)
    }

    /// Another program that shares the descriptor made it one that does not wait.
    @Test func aDescriptorThatDoesNotWaitLosesNothing() {
        let pipe = Pipe()
        #expect(fcntl(pipe.writer, F_SETFL, O_NONBLOCK) == 0)
        let writer = LogWriter(pipe.writer)
        for _ in 0..<3_000 { writer.put(String(repeating: "x", count: 99) + "\n", .text) }
        #expect(pipe.lines(from: writer).count == 3_000 && writer.lost == 0)
    }
}
