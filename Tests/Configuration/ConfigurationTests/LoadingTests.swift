import Configuration
import Glibc
import LoadBalancing
import TemporaryFiles
import Testing

@Suite("Loading files and directories")
struct LoadingTests {
    /// A directory of its own, removed afterwards.
    private func withDirectory(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        for (name, text) in files { try folder.write(text, to: name) }
        try body(folder.path)
    }

    private func problems(_ paths: [String]) -> String? {
        do throws(ConfigurationErrors) {
            _ = try Configuration.load(paths: paths)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("A directory stands for its visible YAML files, sorted, and defaults stay in their file")
    func directory() throws {
        let files = [
            "b.yaml": "virtualServers: [{address: 10.0.0.1:80, realServers: []}]",
            "a.yml": "defaults: {scheduler: rr}\nvirtualServers: [{address: 10.0.0.2:80, realServers: []}]",
            "settings.yaml": "drainTimeout: 1m",
            ".hidden.yaml": "broken: [",
            "notes.txt": "no YAML: [",
        ]
        try withDirectory(files) { path in
            let configuration = try Configuration.load(paths: [path])
            let servers = configuration.desired.virtualServers
            #expect(servers.map(\.key.description) == ["tcp 10.0.0.1:80", "tcp 10.0.0.2:80"])
            #expect(servers.map(\.virtualServer.scheduler.name) == ["wlc", "rr"])
            #expect(configuration.settings == Settings(drainTimeout: 60))
            #expect(configuration.places.values.map(\.description).sorted() == ["\(path)/a.yml:2", "\(path)/b.yaml:1"])
            #expect(try Configuration.load(paths: ["\(path)/b.yaml"]).desired.virtualServers.count == 1)
        }
    }

    @Test("A FIFO is refused wherever it stands, and nobody waits for it")
    func fifos() throws {
        try withDirectory(["b.yaml": "virtualServers: []"]) { path in
            let fifo = "\(path)/a.yaml"
            #expect(mkfifo(fifo, 0o600) == 0)
            let problem =
                "\(fifo): it is a FIFO, and no regular file; name a file or a directory, or give it on standard input with -"
            #expect(problems([fifo]) == problem)
            #expect(problems([path]) == problem)
            #expect(unlink(fifo) == 0 && symlink("/dev/zero", fifo) == 0)
            #expect(problems([path])?.contains("it is a device, and no regular file") == true)
            #expect(unlink(fifo) == 0 && mkdir(fifo, 0o700) == 0)
            #expect(problems([path])?.contains("it is a directory, and no regular file") == true)
        }
    }

    @Test("Links in a directory are followed, and what they lead to has to be a file")
    func links() throws {
        let elsewhere = try TemporaryFolder()
        let target = try elsewhere.write("virtualServers: [{address: 10.0.0.1:80, realServers: []}]", to: "a")
        try withDirectory([:]) { path in
            #expect(symlink(target, "\(path)/a.yaml") == 0)
            let configuration = try Configuration.load(paths: [path])
            #expect(configuration.places.values.map(\.description) == ["\(path)/a.yaml:1"])
            #expect(symlink("b.yaml", "\(path)/b.yaml") == 0)
            #expect(problems([path])?.hasPrefix("\(path)/b.yaml: it cannot be read: Too many levels") == true)
            #expect(unlink("\(path)/b.yaml") == 0 && symlink("nowhere", "\(path)/b.yaml") == 0)
            #expect(problems([path])?.hasPrefix("\(path)/b.yaml: it cannot be read: No such file") == true)
        }
    }

    @Test("A mounted ConfigMap is read as it is at one moment")
    func mountedConfigMaps() throws {
        let folder = try TemporaryFolder()
        var mount = try MountedConfigMap("config", in: folder, ["a.yaml": "one", "b.yaml": "one"])
        func sources() throws -> [SourceFile] { try SourceFile.sources(at: mount.path) }
        func texts(_ sources: [SourceFile]) throws -> [String] {
            try sources.map { String(decoding: try $0.contents(), as: UTF8.self) }
        }
        let first = try sources()
        #expect(first.map(\.name) == ["a.yaml", "b.yaml"].map { "\(folder.file("config"))/\($0)" })
        #expect(try texts(first) == ["one", "one"])
        let path = mount.path
        try mount.update(["b.yaml": "two", "c.yaml": "two"]) {
            // Whoever began before reads the old files, whoever begins now the new ones, and nobody some of each.
            #expect(try texts(first) == ["one", "one"])
            let now = try SourceFile.sources(at: path)
            #expect(now.map(\.name) == ["\(path)/b.yaml", "\(path)/c.yaml"])
            #expect(try texts(now) == ["two", "two"])
        }
        #expect(throws: ConfigurationErrors.self) { try texts(first) }
        #expect(try texts(sources()) == ["two", "two"])
    }

    @Test("Names of files and texts in them stay on one line")
    func hostileNames() throws {
        try withDirectory(["x\u{1B}[2J\n.yaml": "virtualServers: [{address: \"\\e[2J\\n\"}]"]) { path in
            let lines = (problems([path]) ?? "").split(separator: "\n")
            #expect(!lines.isEmpty)
            for line in lines {
                #expect(line.hasPrefix("\(path)/x\\u{1B}[2J\\n.yaml:") && !line.contains("\u{1B}"), "\(line)")
            }
        }
    }

    @Test("What two files declare is told with both places")
    func duplicates() throws {
        let files = [
            "a.yaml": "drainTimeout: 1m\ntimeouts: {}\nvirtualServers:\n- {address: 10.0.0.1:80, realServers: []}\n",
            "b.yaml": "drainTimeout: 1m\ntimeouts: {}\nvirtualServers:\n- {address: 10.0.0.1:80, realServers: []}\n",
        ]
        try withDirectory(files) { path in
            #expect(
                problems(["\(path)/a.yaml", "\(path)/b.yaml"]) == """
                    \(path)/b.yaml:1:15: drainTimeout is declared twice, first in \(path)/a.yaml:1; keep one of the two
                    \(path)/b.yaml:2:11: timeouts is declared twice, first in \(path)/a.yaml:2; keep one of the two
                    \(path)/b.yaml:4:3: virtual server tcp 10.0.0.1:80: it is declared twice, first in \
                    \(path)/a.yaml:4; keep one of the two
                    """)
        }
    }

    @Test(
        "A setting stands in one file, even with the same value",
        arguments: [
            "syncInterval: 30s", "minSyncInterval: 100ms", "auditInterval: 1h", "drift: repair", "cleanupOnExit: false",
            "telemetry: off", "logging: {}", "services: {}",
            "network: off",
        ])
    func settings(text: String) throws {
        try withDirectory(["a.yaml": text, "b.yaml": "virtualServers: []\n\(text)"]) { path in
            let name = text.prefix { $0 != ":" }
            #expect(
                problems([path]) == """
                    \(path)/b.yaml:2:\(name.count + 3): \(name) is declared twice, first in \(path)/a.yaml:1; keep one of \
                    the two
                    """)
        }
    }

    @Test("Every file's problems are told at once")
    func allFiles() throws {
        let files = ["a.yaml": "virtualServers: 1", "b.yaml": "", "c.yaml": "virtualServers: []"]
        try withDirectory(files) { path in
            #expect(
                problems([path, "\(path)/missing.yaml", "/dev/null"]) == """
                    \(path)/a.yaml:1:17: virtualServers is 1; write a list, `[]` for an empty table
                    \(path)/b.yaml:1: it declares nothing; write `virtualServers: []` if you mean an empty table
                    \(path)/missing.yaml: it cannot be read: No such file or directory; check the path and its permissions
                    /dev/null: it is a device, and no regular file; name a file or a directory, or give it on \
                    standard input with -
                    """)
        }
    }

    @Test("A directory without configuration is an error, never an empty table")
    func emptyDirectory() throws {
        try withDirectory(["notes.txt": ""]) { path in
            #expect(
                problems([path])
                    == "\(path): the directory holds no *.yaml or *.yml; put one there, with an empty list "
                    + "if you mean an empty table")
        }
        try withDirectory(["settings.yaml": "drainTimeout: 1m"]) { path in
            #expect(
                problems([path])
                    == "\(path)/settings.yaml: no virtualServers are declared; write `virtualServers: []` if you mean "
                    + "an empty table")
        }
    }

    @Test("No paths are no configuration")
    func noPaths() {
        #expect(problems([]) != nil)
    }
}
