import Glibc
import TemporaryFiles
import Testing

@testable import Files

@Suite struct TrustTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func reason(_ path: String) -> String? {
        do throws(FileError) {
            try Trust.require(directory: path)
            return nil
        } catch {
            guard case .untrusted(let reason) = error.kind else { return "\(error.kind)" }
            return reason
        }
    }

    @Test func aDirectoryOfOnesOwnIsTrusted() throws {
        let path = try folder.makeFolder("state")
        #expect(reason(path) == nil)
        #expect(reason("/") == nil)
    }

    @Test(arguments: [0o770, 0o707, 0o777, 0o1777, 0o720] as [mode_t])
    func oneThatOthersWriteToIsNot(_ mode: mode_t) throws {
        let path = try folder.makeFolder("state")
        chmod(path, mode)
        #expect(reason(path) == "users beside its owner may write to it")
    }

    @Test func norIsOneOfAnotherUser() throws {
        guard geteuid() == 0 else { return }
        let path = try folder.makeFolder("state")
        try #require(chown(path, 4711, 4711) == 0)
        #expect(reason(path) == "it belongs to user 4711")
    }

    @Test func norIsOneThatOthersCanExchange() throws {
        let above = try folder.makeFolder("above")
        let path = try folder.makeFolder("above/state")
        chmod(above, 0o777)
        #expect(reason(path) == "\(above) on the way to it may be written to by users beside its owner")
        chmod(above, 0o1777)
        #expect(reason(path) == nil)
        guard geteuid() == 0 else { return }
        chmod(above, 0o755)
        try #require(chown(above, 4711, 4711) == 0)
        #expect(reason(path) == "\(above) on the way to it belongs to user 4711")
    }

    @Test func aLinkIsAsGoodAsTheWayItGoes() throws {
        let path = try folder.makeFolder("above/state")
        let link = folder.file("link")
        try #require(symlink(path, link) == 0)
        #expect(reason(link) == nil)
        chmod(folder.file("above"), 0o777)
        #expect(reason(link) != nil)
        chmod(folder.file("above"), 0o700)
        guard geteuid() == 0 else { return }
        try #require(lchown(link, 4711, 4711) == 0)
        #expect(reason(link) == "\(link) on the way to it belongs to user 4711")
    }

    @Test func aFileIsNoDirectory() throws {
        #expect(reason(try folder.write("", to: "state")) == "it is a regular file")
        #expect(reason(folder.file("none")) == "system(\(ENOENT))")
    }
}
