internal import Glibc

/// Symbolic links on the way to a file.
enum FileLink {
    /// The link that the files of a mounted ConfigMap or Secret go through (`AtomicWriter` in Kubernetes).
    static let mount = "..data"

    /// As many as the kernel follows.
    private static let limit = 40

    /// What the path itself leads to; `nil` if it is no link.
    static func target(of path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let target = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard !target.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return target }
        return path[...slash] + target
    }

    /// The path, and behind it one for each link that it leads through.
    static func chain(from path: String) -> [String] {
        var chain = [path]
        while chain.count <= limit, let next = target(of: chain[chain.count - 1]) { chain.append(next) }
        return chain
    }

    /// Whether the path is a link through ``mount`` in its own directory.
    static func isMounted(_ path: String) -> Bool {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { path[...$0] } ?? ""
        return target(of: path)?.hasPrefix("\(folder)\(mount)/") ?? false
    }

    /// The path of what is behind a link; `nil` if it is no link, or leads nowhere.
    static func end(of path: String) -> String? {
        guard target(of: path) != nil, let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}
