import Glibc
import TemporaryFiles
import Testing

@testable import KubeProxy

@Suite struct InstalledProgramsTests {
    private static let dump = "printf '*nat\\n:PREROUTING ACCEPT [0:0]\\n:KUBE-SERVICES - [0:0]\\nCOMMIT\\n'"

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The programs of a machine that has these scripts.
    private func install(_ scripts: [String: String]) throws -> InstalledPrograms {
        for (name, script) in scripts { try folder.write("#!/bin/sh\n\(script)\n", to: name, mode: 0o755) }
        return InstalledPrograms(folders: [folder.path])
    }

    @Test func whatIsNotInstalledIsNotThere() throws {
        let programs = try install([:])
        #expect(try programs.rules().isEmpty)
        #expect(try programs.sets() == [])
        #expect(try programs.tables() == [])
        #expect(programs.missing == ["iptables", "ip6tables", "ipset", "nft"])
        let some = try install(["ip6tables-nft-save": "", "ip6tables-nft-restore": "", "nft": ""])
        #expect(some.missing == ["iptables", "ipset"])
    }

    @Test func bothVariantsAreAskedOnce() throws {
        let names = ["iptables", "iptables-nft", "iptables-legacy", "ip6tables"]
        let scripts = names.flatMap { [("\($0)-save", Self.dump), ("\($0)-restore", "cat >/dev/null")] }
        let found = try install(Dictionary(uniqueKeysWithValues: scripts)).rules()
        #expect(found.map(\.variant.name) == ["iptables-nft", "iptables-legacy", "ip6tables"])
        #expect(found.allSatisfy { $0.dump.tables.map(\.name) == ["nat"] })
    }

    @Test func aProgramOfTwoNamesIsAskedOnce() throws {
        let programs = try install(["iptables-legacy-save": Self.dump, "iptables-legacy-restore": "cat >/dev/null"])
        for name in ["save", "restore"] {
            #expect(symlink("iptables-legacy-\(name)", "\(folder.path)/iptables-\(name)") == 0)
        }
        #expect(programs.variants("iptables").map(\.name) == ["iptables-legacy"])
    }

    @Test func rulesGoInOneRun() throws {
        let programs = try install([
            "iptables-save": Self.dump, "iptables-restore": #"echo "$@" >"${0%/*}/arguments"; cat >"${0%/*}/input""#,
        ])
        let found = try #require(try programs.rules().first)
        try programs.remove(IPTablesRemoval(found.dump), from: found.variant)
        #expect(folder.text(of: "arguments") == "--noflush --wait=30\n")
        #expect(folder.text(of: "input") == "*nat\n:KUBE-SERVICES - [0:0]\n-X KUBE-SERVICES\nCOMMIT\n")
    }

    @Test func failuresAreTold() throws {
        let programs = try install([
            "iptables-save": "echo 'Permission denied (you must be root)' >&2; exit 4", "iptables-restore": "",
            "ipset": "echo 'it broke' >&2; exit 1", "nft": "exit 7",
        ])
        #expect(
            throws: LeftoverError(
                program: folder.file("iptables-save"),
                message: "ended with status 4: Permission denied (you must be root)")
        ) { try programs.rules() }
        #expect(throws: LeftoverError.self) { try programs.sets() }
        #expect(throws: LeftoverError.self) { try programs.destroySet("KUBE-CLUSTER-IP") }
        #expect(throws: LeftoverError(program: folder.file("nft"), message: "ended with status 7")) {
            try programs.deleteTable("ip kube-proxy")
        }
    }

    @Test func aSetThatIsStillInUseGoesALittleLater() throws {
        let programs = try install([
            "ipset": #"""
            here="${0%/*}"; echo x >>"$here/tries"; [ "$(wc -l <"$here/tries")" -ge 3 ] && exit 0
            echo 'ipset v7.17: Set cannot be destroyed: it is in use by a kernel component' >&2; exit 1
            """#
        ])
        try programs.destroySet("KUBE-CLUSTER-IP")
        #expect(folder.text(of: "tries") == "x\nx\nx\n")
    }

    @Test func tablesAndSetsAreListed() throws {
        let programs = try install([
            "nft": #"printf 'table inet ipvsync\ntable ip kube-proxy\n'"#,
            "ipset": #"printf 'KUBE-CLUSTER-IP\nmine\n'"#,
        ])
        #expect(try programs.tables() == ["inet ipvsync", "ip kube-proxy"])
        #expect(try programs.sets() == ["KUBE-CLUSTER-IP", "mine"])
    }
}
