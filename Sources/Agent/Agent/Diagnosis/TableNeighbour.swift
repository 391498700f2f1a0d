/// A program that is known to write IPVS tables, with its processes in this network namespace.
package struct TableNeighbour: Hashable, Sendable {
    package let name: String
    package let processes: [Int]

    package init(_ name: String, processes: [Int]) {
        self.name = name
        self.processes = processes
    }

    /// Of a process list, the names that are looked for; what a process is called may have something behind it.
    private static let names = ["keepalived", "ldirectord", "kube-router", "seesaw_ncc", "surealived"]
    /// Programs that run a script, whose name is the next word.
    private static let interpreters: Set<String> = ["perl", "python", "python3", "sh", "bash"]

    /// The name of the program that a process runs; `nil` for one that is of no concern.
    ///
    /// - Parameters:
    ///   - command: The process's name, cut to 15 bytes (`/proc/PID/comm`).
    ///   - arguments: Its first words (`/proc/PID/cmdline`), asked for where the name tells nothing.
    static func name(command: String, arguments: () -> [String]) -> String? {
        if let name = names.first(where: { command.hasPrefix($0) }) { return name }
        guard interpreters.contains(command), let script = arguments().dropFirst().first(where: { !$0.hasPrefix("-") })
        else { return nil }
        let file = script.split(separator: "/").last.map(String.init) ?? ""
        return names.first { file == $0 }
    }
}

extension TableNeighbour: CustomStringConvertible {
    /// `keepalived (processes 7, 8, 9)`; at most three numbers.
    package var description: String {
        let numbers = processes.prefix(3).map(String.init).joined(separator: ", ") + (processes.count > 3 ? ", …" : "")
        return "\(name) (process\(processes.count == 1 ? "" : "es") \(numbers))"
    }
}

extension ProxyProcesses {
    /// The programs other than kube-proxy that may work on the same table, sorted by name.
    ///
    /// A process of another network namespace has another table; one that hides its own counts.
    package func neighbours() -> [TableNeighbour] {
        var found: [String: [Int]] = [:]
        for process in inNamespace() {
            guard let name = TableNeighbour.name(command: process.name, arguments: { arguments(of: process.number) })
            else { continue }
            found[name, default: []].append(process.number)
        }
        return found.map { TableNeighbour($0, processes: $1) }.sorted { $0.name < $1.name }
    }
}
