import Glibc

/// An `include` line of keepalived.conf.
struct KeepalivedInclude {
    /// A path, which may hold wildcards and braces.
    let pattern: String
    /// Whether the variant of `include` makes it an error that no file is there.
    let mustExist: Bool

    private static let keywords: [String: Bool] = [
        "include": false, "includer": false, "includem": true, "includew": true, "includeb": true, "includea": true,
    ]

    /// `nil` for a line that includes nothing.
    init?(_ text: [UInt8]) {
        let keyword = String(decoding: text.prefix { !KeepalivedLines.isBlank($0) }, as: UTF8.self)
        guard let mustExist = Self.keywords[keyword] else { return nil }
        pattern = String(decoding: KeepalivedLines.trimmed(text.dropFirst(keyword.utf8.count)), as: UTF8.self)
        self.mustExist = mustExist
    }

    /// The files that it stands for, sorted as glob(3) does.
    ///
    /// - Parameter directory: Where relative paths start.
    func paths(from directory: String) -> [String] {
        guard !pattern.isEmpty, !pattern.utf8.contains(0) else { return [] }
        let path = pattern.hasPrefix("/") || directory.isEmpty ? pattern : "\(directory)/\(pattern)"
        var found = glob_t()
        defer { globfree(&found) }
        guard path.utf8.count < Int(PATH_MAX), glob(path, GLOB_MARK | GLOB_BRACE, nil, &found) == 0,
            let names = found.gl_pathv
        else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { index in
            // A directory has a slash at its end.
            names[index].map { String(cString: $0) }.flatMap { $0.hasSuffix("/") ? nil : $0 }
        }
    }

    /// The directory of a file; empty for one that is named without any.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
