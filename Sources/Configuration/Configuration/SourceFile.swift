import Documents
import Files
import Glibc

/// A configuration file, or the standard input.
package struct SourceFile: Hashable, Sendable {
    /// As messages name it.
    package let name: String
    /// `nil` for the standard input.
    let path: String?

    init(name: String, path: String?) {
        self.name = name
        self.path = path
    }

    /// One file, whatever its path looks like.
    package init(path: String) { self.init(name: path, path: path) }

    /// The files that a path stands for, a directory for several.
    package static func sources(
        at path: String, suffixes: [String] = [".yaml", ".yml"]
    ) throws(ConfigurationErrors) -> [SourceFile] {
        guard path != "-" else { return [SourceFile(name: "stdin", path: nil)] }
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path, "it cannot be read") }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [SourceFile(name: path, path: path)] }
        let files = try entries(of: path).filter { file in
            !file.name.hasPrefix(".") && suffixes.contains { file.name.hasSuffix($0) }
        }
        guard !files.isEmpty else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: path, problem: "the directory holds no \(suffixes.map { "*\($0)" }.alternatives)",
                    remedy: "put one there, with an empty list if you mean an empty table")
            ])
        }
        let prefix = path.hasSuffix("/") ? path : path + "/"
        return files.sorted { $0.name < $1.name }.map { SourceFile(name: prefix + $0.name, path: $0.path) }
    }

    private static func entries(of path: String) throws(ConfigurationErrors) -> [(name: String, path: String)] {
        do throws(FileError) {
            return try Folder.files(path)
        } catch {
            throw ConfigurationErrors([ConfigurationError(path, error)])
        }
    }

    /// Whether the path names what can be read only once: the standard input, or another descriptor of this process.
    package static func isStream(_ path: String) -> Bool { path == "-" || InputFile.isStream(path) }

    /// The bytes of the file, unless they are more than the limit.
    package func contents(limit: Int = YAMLLimits().bytes) throws(ConfigurationErrors) -> [UInt8] {
        do throws(FileError) {
            guard let path else { return try InputFile.standardInput(limit: limit) }
            return try InputFile(path: path, takesStreams: true).contents(limit: limit)
        } catch {
            throw ConfigurationErrors([ConfigurationError(name, error)])
        }
    }

    /// The error of the last system call.
    private static func failure(_ file: String, _ problem: String) -> ConfigurationErrors {
        let reason = String(cString: strerror(errno))
        return ConfigurationErrors([
            ConfigurationError(
                file: file, problem: "\(problem): \(reason)", remedy: "check the path and its permissions")
        ])
    }
}

extension ConfigurationError {
    fileprivate init(_ name: String, _ error: FileError) {
        let (problem, remedy) =
            switch error.kind {
            case .system(let code):
                ("it cannot be read: \(String(cString: strerror(code)))", "check the path and its permissions")
            case .notRegular(let kind):
                (
                    "it is \(kind), and no regular file",
                    "name a file or a directory, or give it on standard input with -"
                )
            case .tooLong(let limit): ("it is longer than \(limit >> 20) MiB", "split the file")
            case .untrusted(let reason): (reason, "name another")
            }
        self.init(file: name, problem: problem, remedy: remedy)
    }
}
