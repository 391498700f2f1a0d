internal import Glibc

/// Standard output and standard error, written whole or not at all; a closed pipe ends the program quietly.
enum StandardStreams {
    /// Writes text to standard output as it is.
    static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Writes lines to standard output.
    static func writeLines(_ lines: [String]) {
        write(lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n")
    }

    /// Writes one message to standard error, preceded by the program's name.
    static func complain(_ message: String) { write("ipvsync: \(message)\n", to: STDERR_FILENO) }

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
