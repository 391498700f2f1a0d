internal import Glibc

/// A page that people read: README.md, or one of the guide.
package struct GuidePage: Sendable {
    /// A block of code between fences.
    package struct Block: Sendable {
        /// What stands behind the opening fence: `yaml`, `sh`, `console`; empty for none.
        package let language: String
        /// The line of the page that the first line of the block is, counted from 1.
        package let line: Int
        package let lines: [String]

        /// Whether it shows Kubernetes objects.
        package var isObject: Bool { language == "yaml" && has("kind: ") }
        /// Whether it shows configuration of ipvsync, rather than objects or a file of kustomize's or Ansible's.
        package var isConfiguration: Bool { language == "yaml" && !isObject && !has("images:") && !has("- hosts: ") }

        private func has(_ key: String) -> Bool { lines.contains { $0.hasPrefix(key) } }
    }

    /// Its path below the project's folder.
    package let path: String
    package let lines: [String]
    package let blocks: [Block]
    /// The lines of its text, without blocks of code, each with its number.
    package let prose: [(number: Int, text: String)]

    /// The project's folder.
    package static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    /// The guide's folder below the project's.
    package static let folder = "Sources/CommandLine/ipvsync/ipvsync.docc"

    /// README.md, and all pages of the guide by path.
    package static func all() throws(Errno) -> [GuidePage] {
        var pages: [GuidePage] = []
        for path in try ["README.md"] + files(below: folder, suffix: ".md") { pages.append(try GuidePage(path: path)) }
        return pages
    }

    /// The files of a folder of the project and of those in it, by their paths below the project's folder, sorted.
    package static func files(below folder: String, suffix: String) throws(Errno) -> [String] {
        guard let stream = opendir("\(root)/\(folder)") else { throw Errno(number: errno, path: folder) }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let path = "\(folder)/\(name)"
            if Int32(entry.pointee.d_type) == Int32(DT_DIR) {
                found += try files(below: path, suffix: suffix)
            } else if name.hasSuffix(suffix) {
                found.append(path)
            }
        }
        return found.sorted()
    }

    /// The text of a file of the project.
    package static func text(of path: String) throws(Errno) -> String {
        guard let file = fopen("\(root)/\(path)", "r") else { throw Errno(number: errno, path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What keeps a file from being read.
    package struct Errno: Error {
        package let number: Int32
        package let path: String
    }

    package init(path: String) throws(Errno) {
        self.path = path
        lines = try Self.text(of: path).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var blocks: [Block] = []
        var prose: [(number: Int, text: String)] = []
        var open: (language: String, line: Int, lines: [String])?
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(Block(language: block.language, line: block.line, lines: block.lines))
                    open = nil
                } else {
                    open = (String(line.dropFirst(3)), index + 2, [])
                }
            } else if open != nil {
                open?.lines.append(line)
            } else if !line.hasPrefix("    ") {
                prose.append((index + 1, line))
            }
        }
        self.blocks = blocks
        self.prose = prose
    }

    /// The anchors of its headings, as code hosts make them.
    package var anchors: Set<String> {
        Set(
            prose.compactMap { line -> String? in
                guard line.text.hasPrefix("#") else { return nil }
                let heading = line.text.drop { $0 == "#" }.dropFirst().lowercased()
                return String(
                    heading.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                        .map { $0 == " " ? "-" : $0 })
            })
    }
}
