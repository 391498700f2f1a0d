import Glibc
import TemporaryFiles
import Testing

@testable import Agent

/// State that nobody else reads or writes, and that is written through no link (CVE-2018-19044 to 19046 of keepalived).
@Suite struct StateFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }

    @Test func aNewFileIsItsOwnersAlone() throws {
        let before = umask(0)
        defer { umask(before) }
        let directory = folder.file("state")
        try StateFile.makeDirectory(directory)
        try StateFile(path: "\(directory)/ledger").replace(with: [1])
        #expect(mode(directory) == S_IFDIR | 0o700 && mode("\(directory)/ledger") == S_IFREG | 0o600)
    }

    /// Whoever made it before, and whoever has it open: the new file is another one.
    @Test func aFileThatWasThereIsNotWrittenInto() throws {
        let path = try folder.write("theirs", to: "ledger", mode: 0o666)
        let open = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(open) }
        try folder.write("theirs too", to: "ledger.new", mode: 0o666)
        try StateFile(path: path).replace(with: Array("ours".utf8))
        var old = stat()
        #expect(fstat(open, &old) == 0 && old.st_size == 6 && old.st_nlink == 0)
        #expect(mode(path) == S_IFREG | 0o600 && folder.text(of: "ledger") == "ours")
    }

    @Test(arguments: ["ledger", "ledger.new"]) func nothingIsWrittenThroughALink(_ name: String) throws {
        let target = try folder.write("precious", to: "passwd")
        #expect(symlink(target, folder.file(name)) == 0)
        let file = StateFile(path: folder.file("ledger"))
        try file.replace(with: Array("ours".utf8))
        #expect(folder.text(of: "passwd") == "precious" && folder.text(of: "ledger") == "ours")
        #expect(mode(folder.file("ledger")) == S_IFREG | 0o600)
        unlink(folder.file("ledger"))
        #expect(symlink(target, folder.file("ledger")) == 0)
        #expect(try file.append([1], at: 8) == false)
        #expect(folder.text(of: "passwd") == "precious")
    }
}
