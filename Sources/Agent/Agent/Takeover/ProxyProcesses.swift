internal import Glibc
internal import KubeProxy

/// The processes of kube-proxy that can be seen.
package struct ProxyProcesses {
    private let root: String

    package init(root: String = "/proc") { self.root = root }

    /// The numbers of those that work in this network namespace, or may: one that hides its own counts.
    package func running() -> [Int] {
        inNamespace().filter { $0.name == KubeProxyNames.process }.map(\.number)
    }

    /// All processes of this network namespace, and those that hide theirs, by number.
    func inNamespace() -> [(number: Int, name: String)] {
        let own = Self.link("\(root)/self/ns/net")
        return numbers().compactMap { number in
            guard let name = name(of: number) else { return nil }
            let namespace = Self.link("\(root)/\(number)/ns/net")
            guard own == nil || namespace == own || namespace == nil && !isDead(number) else { return nil }
            return (number, name)
        }
    }

    /// Whether it has ended and only its parent has not asked for it yet: then it has no namespaces.
    private func isDead(_ number: Int) -> Bool {
        let state = ProcFile.read("\(root)/\(number)/stat")?.split(separator: ")").last
        return state?.hasPrefix(" Z") == true
    }

    /// The first words of a process's command.
    func arguments(of number: Int) -> [String] {
        let text = ProcFile.read("\(root)/\(number)/cmdline") ?? ""
        return text.split(separator: "\0").prefix(8).map(String.init)
    }

    /// Whether all processes of the node can be seen; a container mostly sees its own alone.
    package var seesAll: Bool { name(of: 2) == "kthreadd" }

    private func numbers() -> [Int] {
        guard let directory = opendir(root) else { return [] }
        defer { closedir(directory) }
        var numbers: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int(name), number > 0 { numbers.append(number) }
        }
        return numbers.sorted()
    }

    private func name(of number: Int) -> String? {
        ProcFile.read("\(root)/\(number)/comm").map { String($0.prefix { $0 != "\n" }) }
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
