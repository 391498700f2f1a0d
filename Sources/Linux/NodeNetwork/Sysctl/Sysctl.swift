/// A kernel setting and the value that it shall have.
package struct Sysctl: Hashable, Sendable {
    /// How a value that is there already is judged.
    package enum Rule: Hashable, Sendable {
        /// It has to be this one.
        case exactly
        /// It has to be a number that is no smaller: only ever raised.
        case atLeast
    }

    /// The path below `/proc/sys`: `net/ipv4/vs/conntrack`.
    package let key: String
    package let value: String
    package let rule: Rule

    package init(_ key: String, _ value: String, _ rule: Rule = .exactly) {
        self.key = key
        self.value = value
        self.rule = rule
    }

    /// Whether a value that was read will do.
    package func isSatisfied(by current: String) -> Bool {
        switch rule {
        case .exactly:
            return current == value
        case .atLeast:
            guard let current = Int(current), let wanted = Int(value) else { return current == value }
            return current >= wanted
        }
    }

    /// The name that `sysctl` knows a key by: dots for slashes, and slashes for the dots of a device's name.
    package static func name(of key: String) -> String {
        String(key.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 })
    }
}
