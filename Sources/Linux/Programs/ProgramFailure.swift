internal import Glibc

/// Why a program could not be run to its end.
package struct ProgramFailure: Error, Hashable, Sendable {
    package let reason: String

    init(_ reason: String) { self.reason = reason }

    /// A system call's failure.
    init(_ call: String, _ code: Int32) {
        reason = "\(call): \(strerror(code).map { String(cString: $0) } ?? "error \(code)")"
    }

    static let late = ProgramFailure("killed, for it had not ended in time")
}
