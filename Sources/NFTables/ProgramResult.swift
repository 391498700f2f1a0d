/// What a program has left.
struct ProgramResult: Hashable {
    /// How it ended, as `waitpid` tells.
    let status: Int32
    let output: [UInt8]
    /// The beginning of its standard error.
    let error: [UInt8]

    var succeeded: Bool { status == 0 }

    /// The standard error without white space at the end; what is not UTF-8 is replaced.
    var errorText: String {
        var text = String(decoding: error, as: UTF8.self)[...]
        while text.last?.isWhitespace == true {
            text.removeLast()
        }
        return String(text)
    }

    /// How it ended, for people.
    var ending: String {
        let signal = status & 0x7F
        return signal == 0 ? "ended with status \(status >> 8 & 0xFF)" : "was ended by signal \(signal)"
    }
}
