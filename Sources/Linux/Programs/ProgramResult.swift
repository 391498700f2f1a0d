/// What a program has left.
package struct ProgramResult: Hashable, Sendable {
    /// How it ended, as `waitpid` tells.
    package let status: Int32
    package let output: [UInt8]
    /// The beginning of its standard error.
    package let error: [UInt8]

    /// Whether it ended by itself, with 0.
    package var succeeded: Bool { status == 0 }

    /// The standard error without white space at the end; what is not UTF-8 is replaced.
    package var errorText: String {
        var text = String(decoding: error, as: UTF8.self)[...]
        while text.last?.isWhitespace == true {
            text.removeLast()
        }
        return String(text)
    }

    /// How it ended, for people.
    package var ending: String {
        let signal = status & 0x7F
        return signal == 0 ? "ended with status \(status >> 8 & 0xFF)" : "was ended by signal \(signal)"
    }
}
