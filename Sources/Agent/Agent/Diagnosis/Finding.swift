/// One thing that `doctor` looked at.
package struct Finding: Hashable, Sendable {
    /// How bad it is.
    package enum Severity: String, Hashable, Sendable, Comparable {
        case ok
        /// Works, but not as well as it could.
        case warning
        /// ipvsync cannot work like this.
        case failure

        private var rank: Int { self == .ok ? 0 : self == .warning ? 1 : 2 }
        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    }

    package let subject: String
    package let severity: Severity
    /// What was found.
    package let detail: String
    /// What would put it right; `nil` where all is well.
    package let remedy: String?

    package init(_ subject: String, _ severity: Severity, _ detail: String, remedy: String? = nil) {
        self.subject = subject
        self.severity = severity
        self.detail = detail
        self.remedy = remedy
    }
}
