import Glibc

/// What a failed system call has to say.
enum SystemCall {
    /// The failure for an error number, the current one unless given.
    static func failure(_ call: String, _ code: Int32 = errno) -> ScenarioFailure {
        let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return ScenarioFailure("\(call): \(reason)")
    }
}
