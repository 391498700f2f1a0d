import Configuration
import TestSupport
import Testing

/// What README.md and the guide show as configuration is valid as a reader would copy it.
@Suite struct GuideTests {
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
        var count = 0
        for page in try GuidePage.all() {
            for block in page.blocks where block.isConfiguration {
                #expect(Self.problem(block.lines) == nil, "\(page.path):\(block.line)")
                count += 1
            }
        }
        #expect(count >= 15)
    }

    /// A value that may stand in the place of another is named behind it: # or `VALUE`.
    @Test func everyAlternativeIsValid() throws {
        var count = 0
        for page in try GuidePage.all() {
            for block in page.blocks where block.isConfiguration {
                for (index, line) in block.lines.enumerated() {
                    guard let match = line.firstMatch(of: /^([ -]*\w+: ).*?#(.*)$/) else { continue }
                    for alternative in match.2.matches(of: /\bor `([^`]+)`/) {
                        var lines = block.lines
                        lines[index] = "\(match.1)\(alternative.1)"
                        #expect(Self.problem(lines) == nil, "\(page.path):\(block.line + index): \(lines[index])")
                        count += 1
                    }
                }
            }
        }
        #expect(count >= 13)
    }
}
