import Glibc
import TemporaryFiles
import Testing

@testable import Agent

@Suite struct ProxyProcessesTests {
    /// A folder like /proc with processes of these names and network namespaces.
    private func running(_ processes: [Int: (name: String, namespace: String?)]) throws -> [Int] {
        try with(processes) { $0.running() }
    }

    private func with<Result>(
        _ processes: [Int: (name: String, namespace: String?)], commands: [Int: [String]] = [:],
        _ look: (ProxyProcesses) -> Result
    ) throws -> Result {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        func make(_ number: String, _ name: String, _ namespace: String?) throws {
            try folder.write("\(name)\n", to: "\(number)/comm")
            let namespaces = try folder.makeFolder("\(number)/ns")
            if let namespace { symlink(namespace, "\(namespaces)/net") }
        }
        try make("self", "ipvsync", "net:[1]")
        for (number, process) in processes { try make("\(number)", process.name, process.namespace) }
        try folder.write("40 (keepalived) Z 1 40 40 0 -1", to: "40/stat")
        for (number, words) in commands { try folder.write(words.joined(separator: "\0"), to: "\(number)/cmdline") }
        return look(ProxyProcesses(root: folder.path))
    }

    @Test func otherProgramsOfTheSameTableAreSeen() throws {
        let found = try with(
            [
                1: ("init", "net:[1]"), 5: ("keepalived", "net:[1]"), 6: ("keepalived_ipvs", "net:[1]"),
                7: ("keepalived", "net:[2]"), 8: ("ldirectord tcp:", "net:[1]"), 9: ("perl", "net:[1]"),
                10: ("perl", "net:[1]"), 11: ("kube-router", nil), 12: ("vi", "net:[1]"),
                40: ("keepalived", nil),
            ],
            commands: [
                9: ["/usr/bin/perl", "-w", "/usr/sbin/ldirectord", "start"], 10: ["perl", "/tmp/keepalived-check"],
                12: ["vi", "/etc/keepalived"],
            ]
        ) { $0.neighbours() }
        #expect(
            found == [
                TableNeighbour("keepalived", processes: [5, 6]), TableNeighbour("kube-router", processes: [11]),
                TableNeighbour("ldirectord", processes: [8, 9]),
            ])
        #expect(found.first?.description == "keepalived (processes 5, 6)")
    }

    @Test func thoseOfThisNamespaceAreSeen() throws {
        #expect(
            try running([
                1: ("init", "net:[1]"), 20: ("kube-proxy", "net:[1]"), 7: ("kube-proxy", nil),
                8: ("kube-proxy", "net:[2]"), 9: ("kube-proxy-x", "net:[1]"),
            ]) == [7, 20])
    }

    @Test func aContainerDoesNotSeeAll() throws {
        let folder = try TemporaryFolder()
        try folder.write("sh\n", to: "2/comm")
        #expect(!ProxyProcesses(root: folder.path).seesAll)
        try folder.write("kthreadd\n", to: "2/comm")
        #expect(ProxyProcesses(root: folder.path).seesAll)
        folder.remove("2/comm")
        #expect(!ProxyProcesses(root: folder.path).seesAll)
    }

    @Test func thisMachineCanBeAsked() { _ = ProxyProcesses().running() }
}
