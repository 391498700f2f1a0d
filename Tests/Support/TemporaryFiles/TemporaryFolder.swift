package import Glibc

/// A new folder for its owner alone, removed at the end with all that is in it.
///
/// It must be held as long as its path is in use.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// Where temporary files go: the folder that TMPDIR names, or else /tmp.
    package static var parent: String {
        let named = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        return named.isEmpty ? "/tmp" : named
    }

    /// Makes it in ``parent``.
    package init() throws {
        let pattern = "\(Self.parent)/ipvsync-XXXXXX"
        var template = Array(pattern.utf8CString)
        guard mkdtemp(&template) != nil else { throw TemporaryFolderError(path: pattern, code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.removeAll(path) }

    /// The names of what is in it, sorted.
    package var names: [String] { Self.names(in: path) }

    /// The path of what has or shall have that name, which may lead through folders.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a folder, and those above it, unless they are there.
    ///
    /// - Returns: Its path.
    @discardableResult
    package func makeFolder(_ name: String) throws -> String {
        var path = path
        for part in name.split(separator: "/") {
            path += "/\(part)"
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw TemporaryFolderError(path: path, code: errno)
            }
        }
        return path
    }

    /// Writes a file, in place of its former text, and makes the folders above it.
    ///
    /// - Returns: Its path.
    @discardableResult
    package func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
        if let slash = name.lastIndex(of: "/") { try makeFolder(String(name[..<slash])) }
        let path = file(name)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw TemporaryFolderError(path: path, code: errno) }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw TemporaryFolderError(path: path, code: errno) }
            rest = rest.dropFirst(count)
        }
        return path
    }

    /// The text of a file; `nil` if it cannot be read.
    package func text(of name: String) -> String? {
        guard let stream = fopen(file(name), "re") else { return nil }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Removes a file, or a folder with all that is in it, if it is there.
    package func remove(_ name: String) { Self.removeAll(file(name)) }
}

// MARK: - Folders

extension TemporaryFolder {
    private static func removeAll(_ path: String) {
        // Only a folder is refused like that: a symbolic link goes by itself and leads nowhere.
        guard unlink(path) != 0, errno == EISDIR else { return }
        for name in names(in: path) { removeAll("\(path)/\(name)") }
        rmdir(path)
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Why a folder or a file could not be made.
struct TemporaryFolderError: Error, CustomStringConvertible {
    let path: String
    /// The errno.
    let code: Int32

    var description: String { "\(path): \(strerror(code).map { String(cString: $0) } ?? "errno") (\(code))" }
}
