import Glibc

/// A new folder under `TMPDIR`, for everything that the scenarios write.
struct TemporaryDirectory {
    let path: String

    init() throws(ScenarioFailure) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/ipvsync-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        guard let made else { throw SystemCall.failure("mkdtemp in \(parent)") }
        path = made
    }

    /// Makes a folder in it.
    func makeDirectory(_ name: String) throws(ScenarioFailure) -> String {
        let directory = "\(path)/\(name)"
        guard mkdir(directory, 0o700) == 0 else { throw SystemCall.failure(directory) }
        return directory
    }

    func remove() throws(ScenarioFailure) {
        let result = try Command(["rm", "-rf", "--", path]).run()
        guard result.succeeded else { throw ScenarioFailure(result.description) }
    }
}
