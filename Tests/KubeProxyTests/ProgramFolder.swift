import Glibc

/// A folder of programs that are scripts, removed with it.
final class ProgramFolder {
    let path: String

    init(_ scripts: [String: String]) throws {
        var template = Array("/tmp/ipvsync-programs-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure() }
        path = String(cString: made)
        for (name, script) in scripts { try write(script, to: name) }
    }

    deinit {
        guard let directory = opendir(path) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            unlink("\(path)/\(name)")
        }
        closedir(directory)
        rmdir(path)
    }

    struct Failure: Error {}

    private func write(_ script: String, to name: String) throws {
        let file = "\(path)/\(name)"
        let text = "#!/bin/sh\n\(script)\n"
        guard let stream = fopen(file, "w") else { throw Failure() }
        fputs(text, stream)
        fclose(stream)
        guard chmod(file, 0o755) == 0 else { throw Failure() }
    }

    /// What a script has left in a file.
    func text(_ name: String) -> String {
        guard let stream = fopen("\(path)/\(name)", "r") else { return "" }
        defer { fclose(stream) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = fread(&buffer, 1, buffer.count, stream)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
