import ArgumentParser
import TemporaryFiles
import TestSupport
import Testing

@testable import ipvsync

/// Every command of ipvsync that README.md and the guide print is one that the program takes.
@Suite struct GuideCommandTests {
    @Test func everyCommandParses() throws {
        var count = 0
        for page in try GuidePage.all() {
            for block in page.blocks where block.language == "sh" || block.language == "console" {
                let isConsole = block.language == "console"
                // Of a console, only what is typed.
                let typed = isConsole ? block.lines.filter { $0.hasPrefix("# ") }.map { $0.dropFirst(2) } : nil
                var text = typed?.joined(separator: "\n") ?? block.lines.joined(separator: "\n")
                // Examples of a help, which the reference repeats, may be explained behind a gap.
                if page.path.contains("/Reference/") { text.replace(/\S +   \S.*/) { $0.output.prefix(1) } }
                for words in ShellText.commands(in: text) where words[0].contains(/^(\S*\/)?ipvsync(\.new)?$/) {
                    #expect(throws: Never.self, "\(page.path):\(block.line): \(words.joined(separator: " "))") {
                        _ = try IPVSync.parseAsRoot(Array(words.dropFirst()))
                    }
                    count += 1
                }
            }
        }
        #expect(count >= 90)
    }

    /// `ipvsync migrate keepalived` in the text names a command; what follows it may be left out.
    @Test func everyNamedCommandIsThere() throws {
        var count = 0
        for page in try GuidePage.all() {
            for line in page.prose {
                for match in line.text.matches(of: /`ipvsync ([a-z][a-z -]*)/) {
                    var command: any ParsableCommand.Type = IPVSync.self
                    for word in match.1.split(separator: " ").prefix(while: { !$0.hasPrefix("-") }) {
                        let subcommands = command.configuration.subcommands
                        guard !subcommands.isEmpty else { break }
                        guard let next = subcommands.first(where: { $0._commandName == word }) else {
                            Issue.record("\(page.path):\(line.number): ipvsync \(match.1)")
                            break
                        }
                        command = next
                    }
                    count += 1
                }
            }
        }
        #expect(count >= 40)
    }

    /// Objects of the kinds that ipvsync reads.
    private static let kinds = ["Service", "EndpointSlice", "Endpoints", "Pod", "Node"].map { "kind: \($0)" }

    /// Kubernetes objects are read without an error or a warning.
    @Test func everyObjectIsValid() async throws {
        let folder = try TemporaryFolder()
        var count = 0
        for page in try GuidePage.all() {
            for block in page.blocks where block.isObject && block.lines.contains(where: Self.kinds.contains) {
                let path = try folder.write(block.lines.joined(separator: "\n") + "\n", to: "objects.yaml")
                let outcome = try await Program.run(["validate", "--manifests", path, "--node", "n1"])
                #expect(outcome.status == 0 && outcome.error.isEmpty, "\(page.path):\(block.line): \(outcome.error)")
                count += 1
            }
        }
        #expect(count >= 1)
    }

    @Test func theChangelogTellsOfThisVersion() throws {
        let page = try GuidePage(path: "\(GuidePage.folder)/Changelog.md")
        #expect(page.prose.first { $0.text.hasPrefix("## ") }?.text == "## \(IPVSync.version)")
    }

    @Test func theReaderOfShellsIsNoFool() {
        #expect(
            ShellText.commands(in: "a 'b c' | d \"e\"f >x # no\ng 2>y \\\n  h && i; j <k") == [
                ["a", "b c"], ["d", "ef"], ["g", "h"], ["i"], ["j"],
            ])
    }

    /// A wrong command would be found.
    @Test func aWrongCommandDoesNotParse() {
        #expect(throws: (any Error).self) { _ = try IPVSync.parseAsRoot(["plan", "--confg", "web.yaml"]) }
        #expect(throws: (any Error).self) { _ = try IPVSync.parseAsRoot(["plam"]) }
    }
}

/// As much of a shell as the guide's commands need: words, quotes, comments, pipes and redirections.
private enum ShellText {
    /// The simple commands of a text as words, without redirections.
    static func commands(in text: String) -> [[String]] {
        var commands: [[String]] = [[]]
        var word: String?
        var isRedirection = false
        func endWord() {
            if let word, !isRedirection { commands[commands.count - 1].append(word) }
            if word != nil { isRedirection = false }
            word = nil
        }
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "'", "\"":
                let end = rest.firstIndex(of: character) ?? rest.endIndex
                word = (word ?? "") + rest[..<end]
                rest = rest[end...].dropFirst()
            case "\\":
                if let next = rest.popFirst(), next != "\n" { word = (word ?? "") + String(next) }
            case "#" where word == nil:
                rest = rest.drop { $0 != "\n" }
            case "|", ";", "&", "\n":
                endWord()
                commands.append([])
            case ">", "<":
                // What stands before it is the number of a descriptor, if it is one.
                if word.map({ Int($0) != nil }) == true { word = nil }
                endWord()
                isRedirection = true
            case " ":
                endWord()
            default:
                word = (word ?? "") + String(character)
            }
        }
        endWord()
        return commands.filter { !$0.isEmpty }
    }
}
