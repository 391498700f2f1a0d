/// What a command has left.
struct CommandResult: CustomStringConvertible {
    let arguments: [String]
    let status: ExitStatus
    let output: String
    let error: String

    var succeeded: Bool { status == .exited(0) }

    /// The lines of its output, without an empty last one.
    var outputLines: [String] { output.split(separator: "\n").map(String.init) }

    var description: String {
        "\(arguments.joined(separator: " ")): \(status)\n\(output)\(error)"
    }
}
