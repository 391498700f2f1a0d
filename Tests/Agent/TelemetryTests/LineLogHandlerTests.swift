import Documents
import Logging
import Testing

@testable import Telemetry

@Suite struct LineLogHandlerTests {
    private let time = WallTime(seconds: 1_767_225_599.1239)

    @Test func textIsForPeople() {
        let line = LineLogHandler.line(
            .text, .info, "real server\nadded",
            [("realServer", "10.1.0.1:80"), ("virtualServer", "tcp 10.0.0.1:80"), ("name", ""), ("odd", "a=\"\n")],
            at: time)
        #expect(
            line == #"2025-12-31T23:59:59.123Z info    real server\nadded realServer=10.1.0.1:80 "#
                + #"virtualServer="tcp 10.0.0.1:80" name="" odd="a=\"\n""# + "\n")
    }

    @Test func jsonIsForMachines() throws {
        let line = LineLogHandler.line(.json, .warning, "drift \"found\"", [("kind", "a\nb")], at: time)
        #expect(line.split(separator: "\n").count == 1)
        let node = try YAMLNode.documents(in: line).first
        #expect(node?["level"]?.scalar?.text == "warning" && node?["message"]?.scalar?.text == "drift \"found\"")
        #expect(node?["kind"]?.scalar?.text == "a\nb" && node?["time"]?.scalar?.text == "2025-12-31T23:59:59.123Z")
    }

    @Test(arguments: [LineLogHandler.Format.text, .json])
    func noByteOfOthersReachesATerminal(_ format: LineLogHandler.Format) {
        let hostile = "\u{1B}[2J\u{9B}31m\u{202E}\u{2028}\u{200B}\0\u{7F}\r\n2026-01-31T00:00:00Z info forged"
        let line = LineLogHandler.line(
            format, .error, hostile, [("detail", hostile), ("plain", "a\u{9B}b"), ("odd", "\u{202E}x")], at: time)
        #expect(line.last == "\n")
        #expect(line.unicodeScalars.dropLast().allSatisfy { $0.isSafeToShow }, "\(line)")
    }
}
