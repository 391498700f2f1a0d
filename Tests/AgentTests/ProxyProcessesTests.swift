import Glibc
import TemporaryFiles
import Testing

@testable import Agent

@Suite struct ProxyProcessesTests {
    /// A folder like /proc with processes of these names and network namespaces.
    private func running(_ processes: [Int: (name: String, namespace: String?)]) throws -> [Int] {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        func make(_ number: String, _ name: String, _ namespace: String?) throws {
            try folder.write("\(name)\n", to: "\(number)/comm")
            let namespaces = try folder.makeFolder("\(number)/ns")
            if let namespace { symlink(namespace, "\(namespaces)/net") }
        }
        try make("self", "ipvsync", "net:[1]")
        for (number, process) in processes { try make("\(number)", process.name, process.namespace) }
        return ProxyProcesses(root: folder.path).running()
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
