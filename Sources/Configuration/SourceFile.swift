import Documents
import Glibc

/// A configuration file, or the standard input.
package struct SourceFile: Hashable, Sendable {
    /// As messages name it.
    package let name: String
    /// `nil` for the standard input.
    let path: String?

    /// The files that a path stands for, a directory for several.
    package static func sources(
        at path: String, suffixes: [String] = [".yaml", ".yml"]
    ) throws(ConfigurationErrors) -> [SourceFile] {
        guard path != "-" else { return [SourceFile(name: "stdin", path: nil)] }
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path, "it cannot be read") }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [SourceFile(name: path, path: path)] }
        let names = try entries(of: path).filter { name in
            !name.hasPrefix(".") && suffixes.contains { name.hasSuffix($0) }
        }
        guard !names.isEmpty else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: path, problem: "the directory holds no \(suffixes.map { "*\($0)" }.alternatives)",
                    remedy: "put one there, with an empty list if you mean an empty table")
            ])
        }
        let prefix = path.hasSuffix("/") ? path : path + "/"
        return names.sorted().map { SourceFile(name: prefix + $0, path: prefix + $0) }
    }

    /// The bytes of the file, unless they are more than the limit.
    package func contents(limit: Int = YAMLLimits().bytes) throws(ConfigurationErrors) -> [UInt8] {
        guard let path else { return try Self.read(0, name, limit: limit) }
        let descriptor = Self.retrying { open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Self.failure(path, "it cannot be read") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure(path, "it cannot be read") }
        guard [S_IFREG, S_IFIFO].contains(status.st_mode & S_IFMT) else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: path, problem: "it is no regular file", remedy: "name a file, a pipe or a directory")
            ])
        }
        return try Self.read(descriptor, name, expecting: Int(status.st_size), limit: limit)
    }

    private static func read(
        _ descriptor: Int32, _ name: String, expecting size: Int = 0, limit: Int
    ) throws(ConfigurationErrors) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(size, limit))
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = retrying { Glibc.read(descriptor, &chunk, chunk.count) }
            guard count >= 0 else { throw failure(name, "it cannot be read") }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw ConfigurationErrors([
                    ConfigurationError(
                        file: name, problem: "it is longer than \(limit >> 20) MiB", remedy: "split the file")
                ])
            }
        }
    }

    private static func entries(of path: String) throws(ConfigurationErrors) -> [String] {
        guard let directory = opendir(path) else { throw failure(path, "the directory cannot be read") }
        defer { closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee)) {
                        String(cString: $0)
                    }
                })
            errno = 0
        }
        guard errno == 0 else { throw failure(path, "the directory cannot be read") }
        return names
    }

    /// Calls again while a signal interrupts the call.
    private static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
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
