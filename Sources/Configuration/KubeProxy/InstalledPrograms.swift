internal import Glibc
internal import Programs

/// The programs of this machine, in its network namespace.
package struct InstalledPrograms: LeftoverPrograms {
    private let folders: [String]

    /// Where distributions install them. `PATH` is not asked: this runs as root.
    package static let standardFolders = ["/usr/sbin", "/sbin", "/usr/bin"]

    /// What may be read of one program.
    private static let outputLimit = 256 << 20
    private static let timeLimit = Duration.seconds(60)
    /// nftables lets go of a set some time after its last rule has gone.
    private static let destructionPatience = Duration.seconds(10)

    package init(folders: [String] = standardFolders) { self.folders = folders }

    /// The programs that are not installed: what they alone would find is not looked for.
    package var missing: [String] {
        ["iptables", "ip6tables"].filter { variants($0).isEmpty } + ["ipset", "nft"].filter { path($0) == nil }
    }

    // MARK: - iptables

    package func rules() throws(LeftoverError) -> [(variant: IPTablesVariant, dump: IPTablesDump)] {
        var all: [(variant: IPTablesVariant, dump: IPTablesDump)] = []
        for family in ["iptables", "ip6tables"] {
            for variant in variants(family) {
                if let text = try save(variant) {
                    all.append((variant, try IPTablesDump(text, program: variant.save)))
                }
            }
        }
        return all
    }

    package func remove(_ removal: IPTablesRemoval, from variant: IPTablesVariant) throws(LeftoverError) {
        guard !removal.isEmpty else { return }
        try change(variant.restore, ["--noflush", "--wait=30"], input: removal.input)
    }

    /// The variants of a family that are installed. The plain name is one of the two others, which the name tells only
    /// where both are there.
    func variants(_ family: String) -> [IPTablesVariant] {
        let both = ["nft", "legacy"].compactMap { variant("\(family)-\($0)") }
        if both.count == 2 { return both }
        let plain = variant(family)
        let isSame = plain.flatMap { Self.realPath($0.save) } == both.first.flatMap { Self.realPath($0.save) }
        return (isSame ? [] : [plain].compactMap { $0 }) + both
    }

    private func variant(_ name: String) -> IPTablesVariant? {
        guard let save = path("\(name)-save"), let restore = path("\(name)-restore") else { return nil }
        return IPTablesVariant(save: save, restore: restore)
    }

    /// The rules; `nil` when this kernel cannot have any of that variant.
    private func save(_ variant: IPTablesVariant) throws(LeftoverError) -> String? {
        let result = try run(variant.save, [])
        guard result.succeeded else {
            if result.errorText.contains("Protocol not supported") { return nil }
            throw failure(variant.save, result)
        }
        return try text(variant.save, result)
    }

    // MARK: - ipset

    package func sets() throws(LeftoverError) -> [String] {
        guard let ipset = path("ipset") else { return [] }
        let result = try run(ipset, ["list", "-n"])
        guard result.succeeded else {
            // The kernel has no sets.
            if result.errorText.contains("Invalid argument") || result.errorText.contains("not supported") { return [] }
            throw failure(ipset, result)
        }
        return try text(ipset, result).split(separator: "\n").map(String.init)
    }

    package func destroySet(_ name: String) throws(LeftoverError) {
        guard let ipset = path("ipset") else { return }
        let deadline = ContinuousClock.now + Self.destructionPatience
        while true {
            let result = try run(ipset, ["destroy", name])
            if result.succeeded { return }
            let isInUse = result.errorText.contains("in use by a kernel component")
            guard isInUse, ContinuousClock.now < deadline else { throw failure(ipset, result) }
            usleep(50_000)
        }
    }

    // MARK: - nftables

    package func tables() throws(LeftoverError) -> [String] {
        guard let nft = path("nft") else { return [] }
        let result = try run(nft, ["list", "tables"])
        guard result.succeeded else {
            if result.errorText.contains("not supported") { return [] }
            throw failure(nft, result)
        }
        return try text(nft, result).split(separator: "\n").compactMap { line in
            line.hasPrefix("table ") ? String(line.dropFirst("table ".count)) : nil
        }
    }

    package func deleteTable(_ name: String) throws(LeftoverError) {
        guard let nft = path("nft") else { return }
        try change(nft, ["delete", "table"] + name.split(separator: " ").map(String.init))
    }
}

extension InstalledPrograms {
    private func path(_ name: String) -> String? {
        folders.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private func change(_ program: String, _ arguments: [String], input: String = "") throws(LeftoverError) {
        let result = try run(program, arguments, input: input)
        guard result.succeeded else { throw failure(program, result) }
    }

    private func run(
        _ program: String, _ arguments: [String], input: String = ""
    ) throws(LeftoverError) -> ProgramResult {
        do throws(ProgramFailure) {
            return try ProgramRun(
                program, arguments, input: Array(input.utf8), timeLimit: Self.timeLimit, outputLimit: Self.outputLimit
            ).run()
        } catch {
            throw LeftoverError(program: program, message: error.reason)
        }
    }

    private func text(_ program: String, _ result: ProgramResult) throws(LeftoverError) -> String {
        guard let text = String(validating: result.output, as: UTF8.self) else {
            throw LeftoverError(program: program, message: "its output is not UTF-8")
        }
        return text
    }

    private func failure(_ program: String, _ result: ProgramResult) -> LeftoverError {
        let said = result.errorText.split(separator: "\n").joined(separator: "; ")
        return LeftoverError(program: program, message: said.isEmpty ? result.ending : "\(result.ending): \(said)")
    }
}

/// One way to one family's rules: iptables has two in the kernel, and each program sees only its own.
package struct IPTablesVariant: Hashable, Sendable {
    /// What lists the rules, and names the variant.
    package let save: String
    /// What changes them.
    package let restore: String

    package init(save: String, restore: String) {
        self.save = save
        self.restore = restore
    }

    /// `ip6tables-legacy`.
    package var name: String {
        let file = save.split(separator: "/").last.map(String.init) ?? save
        return file.hasSuffix("-save") ? String(file.dropLast(5)) : file
    }
}

/// The parts of a node that only programs reach: iptables' rules, ipset's sets, nftables' tables.
///
/// What is not installed is not there.
package protocol LeftoverPrograms {
    /// The rules of every family, by every variant of iptables.
    func rules() throws(LeftoverError) -> [(variant: IPTablesVariant, dump: IPTablesDump)]
    /// Removes rules and chains: all of a table's or none.
    func remove(_ removal: IPTablesRemoval, from variant: IPTablesVariant) throws(LeftoverError)
    /// The names of all sets.
    func sets() throws(LeftoverError) -> [String]
    /// Removes a set that no rule uses any more.
    func destroySet(_ name: String) throws(LeftoverError)
    /// nftables' tables, as `ip kube-proxy`.
    func tables() throws(LeftoverError) -> [String]
    /// Removes a table of nftables' with everything in it.
    func deleteTable(_ name: String) throws(LeftoverError)
}

/// Why what kube-proxy left could not be looked at or removed.
package struct LeftoverError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The program that was to do it.
    package let program: String
    /// What it said, or what is wrong with that.
    package let message: String

    package init(program: String, message: String) {
        self.program = program
        self.message = message
    }

    package var description: String { "\(program): \(message)" }
}
