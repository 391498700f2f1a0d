internal import ArgumentParser

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print a completion script for a shell.",
        discussion: """
            EXAMPLES:
              ipvsync completions bash >/etc/bash_completion.d/ipvsync
              ipvsync completions zsh >~/.zfunc/_ipvsync
              ipvsync completions fish >~/.config/fish/completions/ipvsync.fish

            \(ExitStatus.help([]))
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    @Argument(help: "The shell: bash, zsh or fish.")
    var shell: Shell

    func run() {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        StandardStreams.write(IPVSync.completionScript(for: kind) + "\n")
    }
}
