internal import ArgumentParser
internal import Documents
internal import Glibc
internal import Presentation

/// Standard output and standard error, written whole or not at all; a closed pipe ends the program quietly.
///
/// Whatever text comes this way, only line breaks and what is safe to show reach the stream.
enum StandardStreams {
    /// Of one kind: a tenant can cause as many as it likes.
    private static let mostMessages = 100
    /// Code points of one message.
    private static let longestMessage = 4096

    /// Writes text in lines to standard output.
    static func write(_ text: String) { write(shown(text), to: STDOUT_FILENO) }

    /// Writes lines to standard output, in colours where it shows them.
    static func write(_ lines: [Line]) {
        guard !lines.isEmpty else { return }
        write(lines.map(Terminal.standardOutput.show).joined(separator: "\n") + "\n", to: STDOUT_FILENO)
    }

    /// Moves a terminal's cursor and changes its modes: what is written is ours alone.
    static func control(_ sequences: String) { write(sequences, to: STDOUT_FILENO) }

    /// Writes one message to standard error, preceded by the program's name.
    static func complain(_ message: String) {
        write("ipvsync: \(message.shown(limit: longestMessage))\n", to: STDERR_FILENO)
    }

    /// Writes messages to standard error, the first of them if there are many.
    static func complain(_ messages: [String]) {
        messages.prefix(mostMessages).forEach { complain($0) }
        if messages.count > mostMessages { complain("and \(messages.count - mostMessages) more of these") }
    }

    /// Writes text in lines to standard error.
    static func writeError(_ text: String) { write(shown(text), to: STDERR_FILENO) }

    private static func shown(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 == 0x0A || (0x20...0x7E).contains($0) }) else { return text }
        return text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0).shown }.joined(separator: "\n")
    }

    /// Writes several messages, and how many more there are.
    static func complain(_ messages: [String], limit: Int) {
        messages.prefix(limit).forEach(complain)
        if messages.count > limit { complain("and \(messages.count - limit) more") }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                return
            }
        }
    }
}

/// How a command prints what it found.
struct OutputOptions: ParsableArguments {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, json, yaml
    }

    @Option(name: [.customShort("o"), .customLong("output")], help: "The form of the output: text, json or yaml.")
    var format: Format = .text

    /// Prints a view in the chosen form.
    func print(_ view: some Presentable) {
        switch format {
        case .text: StandardStreams.write(view.lines)
        case .json: StandardStreams.write(view.document.json())
        case .yaml: StandardStreams.write(view.document.yaml())
        }
    }
}
