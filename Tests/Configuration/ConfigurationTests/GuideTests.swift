import Configuration
import Foundation
import Testing

/// What README.md shows as configuration is valid as a reader would copy it.
@Suite struct GuideTests {
    /// The YAML blocks, each with the line that it begins in.
    private static func blocks() throws -> [(line: Int, lines: [String])] {
        let guide = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../README.md")
            .standardized
        var blocks: [(line: Int, lines: [String])] = []
        var isInside = false
        for (number, line) in try String(contentsOf: guide, encoding: .utf8).components(separatedBy: "\n").enumerated()
        {
            if line.hasPrefix("```") {
                isInside = line == "```yaml"
                if isInside { blocks.append((number + 1, [])) }
            } else if isInside {
                blocks[blocks.count - 1].lines.append(line)
            }
        }
        return blocks
    }

    private static func problem(_ lines: [String]) -> String? {
        var text = lines.joined(separator: "\n") + "\n"
        // A section that is shown by itself stands in a file with others.
        if !lines.contains(where: { $0.hasPrefix("virtualServers:") }) { text += "virtualServers: []\n" }
        do {
            _ = try Configuration.parse(text, file: "guide")
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func everyBlockIsValid() throws {
        let blocks = try Self.blocks()
        #expect(blocks.count >= 3)
        for block in blocks { #expect(Self.problem(block.lines) == nil, "README.md:\(block.line)") }
    }

    /// A value that may stand in the place of another is named behind it: # or `VALUE`.
    @Test func everyAlternativeIsValid() throws {
        var count = 0
        for block in try Self.blocks() {
            for (index, line) in block.lines.enumerated() {
                guard let match = line.firstMatch(of: /^([ -]*\w+: ).*?#(.*)$/) else { continue }
                for alternative in match.2.matches(of: /\bor `([^`]+)`/) {
                    var lines = block.lines
                    lines[index] = "\(match.1)\(alternative.1)"
                    #expect(Self.problem(lines) == nil, "README.md:\(block.line + index + 1): \(lines[index])")
                    count += 1
                }
            }
        }
        #expect(count >= 13)
    }
}
