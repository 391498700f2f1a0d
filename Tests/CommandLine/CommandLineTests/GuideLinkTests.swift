import Glibc
import TestSupport
import Testing

/// README.md and the guide are short, and everything that they point at is there.
@Suite struct GuideLinkTests {
    private static let index = "\(GuidePage.folder)/ipvsync.md"

    private static func exists(_ path: String) -> Bool {
        access("\(GuidePage.root)/\(path)", F_OK) == 0
    }

    /// A link of a page to a file of the project.
    private struct Link {
        let line: Int
        /// The file's path below the project's folder.
        let path: String
        let anchor: String?
    }

    private static func links(_ page: GuidePage) -> [Link] {
        page.prose.flatMap { line -> [Link] in
            line.text.matches(of: /\]\(([^)\s]+)\)/).compactMap { match in
                guard match.1.firstMatch(of: /^[a-z]+:/) == nil else { return nil }
                let parts = match.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                return Link(
                    line: line.number, path: parts[0].isEmpty ? page.path : path(String(parts[0]), from: page),
                    anchor: parts.count > 1 ? String(parts[1]) : nil)
            }
        }
    }

    /// Where a relative link leads, below the project's folder.
    private static func path(_ link: String, from page: GuidePage) -> String {
        var folders = page.path.split(separator: "/").dropLast().map(String.init)
        for part in link.split(separator: "/") {
            if part != ".." { folders.append(String(part)) } else if !folders.isEmpty { folders.removeLast() }
        }
        return folders.joined(separator: "/")
    }

    @Test func pagesAreShort() throws {
        for page in try GuidePage.all() {
            #expect(page.lines.count - 1 <= (page.path == "README.md" ? 150 : 300), "\(page.path)")
        }
    }

    @Test func everyLinkLeadsSomewhere() throws {
        let pages = try GuidePage.all()
        let anchors = Dictionary(uniqueKeysWithValues: pages.map { ($0.path, $0.anchors) })
        var count = 0
        for page in pages {
            for link in Self.links(page) {
                #expect(Self.exists(link.path), "\(page.path):\(link.line): \(link.path)")
                if let anchor = link.anchor {
                    #expect(anchors[link.path]?.contains(anchor) == true, "\(page.path):\(link.line): #\(anchor)")
                }
                count += 1
            }
        }
        #expect(count >= 150)
    }

    /// From the index, or from README.md by way of it.
    @Test func everyPageIsTwoClicksAway() throws {
        let pages = try GuidePage.all()
        let targets = Dictionary(uniqueKeysWithValues: pages.map { ($0.path, Set(Self.links($0).map(\.path))) })
        #expect(targets["README.md"]?.contains(Self.index) == true)
        let near = try #require(targets[Self.index])
        let reached = near.reduce(near.union([Self.index, "README.md"])) { $0.union(targets[$1] ?? []) }
        for page in pages { #expect(reached.contains(page.path), "\(page.path)") }
    }

    /// Files of the project that are named in the text or in a command.
    @Test func everyNamedFileIsThere() throws {
        var count = 0
        for page in try GuidePage.all() {
            let text = page.prose.flatMap { line in line.text.matches(of: /`([^`]+)`/).map { (line.number, $0.1) } }
            let commands = page.blocks.filter { $0.language == "sh" || $0.language == "console" }.flatMap { block in
                block.lines.enumerated().map { (block.line + $0.offset, Substring($0.element)) }
            }
            for (number, words) in text + commands {
                for match in words.matches(of: /(?:^|[\s'])((?:scripts|Sources|Tests|Integration)\/[\w.\/+-]+)/) {
                    #expect(Self.exists(String(match.1)), "\(page.path):\(number): \(match.1)")
                    count += 1
                }
            }
        }
        #expect(count >= 80)
    }

    /// Options of the project's own scripts.
    @Test func everyOptionOfAScriptIsThere() throws {
        var count = 0
        for page in try GuidePage.all() {
            let text = page.prose.flatMap { line in line.text.matches(of: /`([^`]+)`/).map { $0.1 } }
            let commands = page.blocks.filter { $0.language == "sh" }.flatMap { $0.lines.map { Substring($0) } }
            // What follows scripts/in-kernel is another command.
            for words in text + commands where words.contains(/^scripts\/(?!in-kernel).* --/) {
                let words = words.prefix { $0 != "#" && $0 != "|" }.split(separator: " ")
                let script = try GuidePage.text(of: String(words[0]))
                for word in words.dropFirst() where word.hasPrefix("--") {
                    #expect(script.contains(word), "\(page.path): \(words[0]) \(word)")
                    count += 1
                }
            }
        }
        #expect(count >= 20)
    }

    /// `swift test --filter 'A|B'` matches tests that are there.
    @Test func everyFilterFindsTests() throws {
        let tests = try GuidePage.files(below: "Tests", suffix: ".swift").map { try GuidePage.text(of: $0) }
        var count = 0
        for page in try GuidePage.all() {
            for line in page.blocks.flatMap(\.lines) where line.hasPrefix("swift test") {
                let filter = try #require(line.firstMatch(of: /--filter '?([\w|]+)'?/), "\(page.path): \(line)")
                for name in filter.1.split(separator: "|") {
                    let isThere = tests.contains { $0.contains("struct \(name)") || $0.contains("func \(name)") }
                    #expect(isThere, "\(page.path): \(name)")
                    count += 1
                }
            }
        }
        #expect(count >= 10)
    }

    /// The way of one change through the program: each stop is a type, and a function of it, in the target that it names.
    @Test func everyStopOfAChangeIsThere() throws {
        let page = try GuidePage(path: "\(GuidePage.folder)/Architecture.md")
        let stops = page.prose.compactMap { $0.text.firstMatch(of: /^\| \d+\. `(\w+)(?:\.(\w+))?` \| `(\w+)` \|/) }
        #expect((10...20).contains(stops.count))
        let files = try GuidePage.files(below: "Sources", suffix: ".swift")
        for stop in stops {
            let text = try files.filter { $0.contains("/\(stop.3)/") }.map { try GuidePage.text(of: $0) }.joined()
            #expect(text.contains(try Regex("(struct|class|enum) \(stop.1)\\b")), "\(stop.1) in \(stop.3)")
            if let function = stop.2 { #expect(text.contains("func \(function)("), "\(stop.1).\(function)") }
        }
    }
}
