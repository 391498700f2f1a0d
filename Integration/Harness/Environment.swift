@preconcurrency import Glibc

/// This program's environment variables. They never change while it runs.
enum Environment {
    static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Every variable as `NAME=value`, with these added or replaced.
    static func merged(with additions: [String: String]) -> [String] {
        var merged: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let variable = String(cString: text)
            let name = variable.prefix { $0 != "=" }
            if additions[String(name)] == nil {
                merged.append(variable)
            }
            entry += 1
        }
        return merged + additions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
