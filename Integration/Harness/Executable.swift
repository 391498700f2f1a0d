import Glibc

/// This program's own file.
enum Executable {
    static func path() throws(ScenarioFailure) -> String {
        guard let path = realpath("/proc/self/exe", nil) else { throw SystemCall.failure("/proc/self/exe") }
        defer { free(path) }
        return String(cString: path)
    }

    /// The folder it lies in.
    static func directory() throws(ScenarioFailure) -> String {
        let path = try path()
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
