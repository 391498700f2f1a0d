import Glibc
import Testing

@testable import Agent

@Suite struct ProxyProcessesTests {
    /// A folder like /proc with processes of these names and network namespaces.
    private func running(_ processes: [Int: (name: String, namespace: String?)]) throws -> [Int] {
        var template = Array("/tmp/ipvsync-proc-XXXXXX".utf8CString)
        let root = String(cString: try #require(mkdtemp(&template)))
        func make(_ folder: String, _ name: String, _ namespace: String?) {
            mkdir("\(root)/\(folder)", 0o755)
            mkdir("\(root)/\(folder)/ns", 0o755)
            if let file = fopen("\(root)/\(folder)/comm", "w") {
                fputs("\(name)\n", file)
                fclose(file)
            }
            if let namespace { symlink(namespace, "\(root)/\(folder)/ns/net") }
        }
        func remove(_ folder: String) {
            unlink("\(root)/\(folder)/ns/net")
            unlink("\(root)/\(folder)/comm")
            rmdir("\(root)/\(folder)/ns")
            rmdir("\(root)/\(folder)")
        }
        make("self", "ipvsync", "net:[1]")
        for (number, process) in processes { make("\(number)", process.name, process.namespace) }
        defer {
            for folder in ["self"] + processes.keys.map(String.init) { remove(folder) }
            rmdir(root)
        }
        return ProxyProcesses(root: root).running()
    }

    @Test func thoseOfThisNamespaceAreSeen() throws {
        #expect(
            try running([
                1: ("init", "net:[1]"), 20: ("kube-proxy", "net:[1]"), 7: ("kube-proxy", nil),
                8: ("kube-proxy", "net:[2]"), 9: ("kube-proxy-x", "net:[1]"),
            ]) == [7, 20])
    }

    @Test func thisMachineCanBeAsked() { _ = ProxyProcesses().running() }
}
