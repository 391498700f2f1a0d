/// What a kernel tells of IPVS' tables and estimators. Newer kernels have more to tell: the file says what there is, no
/// version does.
enum TableSettings {
    /// Settings that not every kernel has, with what each is about.
    private static let settings = [
        ("conn_lfactor", "how full the table of connections gets before it grows"),
        ("svc_lfactor", "how full the table of virtual servers gets before it grows"),
        ("conn_max", "the most connections"),
        ("est_cpulist", "the processors that work out rates"),
        ("est_nice", "the priority of what works out rates"),
    ]
    private static let size = "size of the connection table"
    private static let status = "/proc/net/ip_vs_status"

    /// By name, in this namespace.
    static func current(root: String = "") -> [String: String] {
        var found: [String: String] = [:]
        for (name, _) in settings {
            let value = ProcFile.read("\(root)/proc/sys/net/ipv4/vs/\(name)")
            found["net.ipv4.vs.\(name)"] = value.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        }
        found[size] = (ProcFile.read("\(root)/proc/net/ip_vs")).flatMap(tableSize)
        if ProcFile.read("\(root)\(status)") != nil { found[status] = "there" }
        return found
    }

    /// The size in the listing's first line: `IP Virtual Server version 1.2.1 (size=4096)`.
    private static func tableSize(_ listing: String) -> String? {
        let line = listing.prefix { $0 != "\n" }
        guard let start = line.firstRange(of: "(size=")?.upperBound else { return nil }
        let digits = line[start...].prefix(while: \.isNumber)
        return digits.isEmpty ? nil : String(digits)
    }

    /// What was found, in the order of this list; nothing of it is a fault.
    static func findings(_ found: [String: String]) -> [Finding] {
        var findings = found[size].map { [Finding(size, .ok, "\($0) rows")] } ?? []
        for (name, meaning) in settings {
            guard let value = found["net.ipv4.vs.\(name)"] else { continue }
            findings.append(Finding("net.ipv4.vs.\(name)", .ok, "\(value.isEmpty ? "empty" : value): \(meaning)"))
        }
        if found[status] != nil { findings.append(Finding(status, .ok, "shows how full the tables are")) }
        return findings
    }
}
