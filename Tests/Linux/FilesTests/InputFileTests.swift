import Glibc
import TemporaryFiles
import Testing

@testable import Files

@Suite struct InputFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func problem(_ path: String, followsLink: Bool = true, takesStreams: Bool = false) -> FileError.Kind? {
        do throws(FileError) {
            _ = try InputFile(path: path, followsLink: followsLink, takesStreams: takesStreams).contents(limit: 100)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test func aRegularFileIsRead() throws {
        let path = try folder.write("text", to: "a")
        #expect(try InputFile(path: path).contents(limit: 4) == Array("text".utf8))
        #expect(problem(path, followsLink: false) == nil)
    }

    @Test func nothingElseIs() throws {
        let fifo = folder.file("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
        #expect(problem(fifo) == .notRegular("a FIFO"))
        #expect(problem(fifo, takesStreams: true) == .notRegular("a FIFO"))
        #expect(problem(folder.path) == .notRegular("a directory"))
        #expect(problem("/dev/zero") == .notRegular("a device"))
        #expect(problem("/dev/null", takesStreams: true) == .notRegular("a device"))
        #expect(problem(folder.file("none")) == .system(ENOENT))
    }

    @Test func aLinkToAFIFOIsOne() throws {
        let fifo = folder.file("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
        let link = folder.file("link")
        try #require(symlink(fifo, link) == 0)
        #expect(problem(link) == .notRegular("a FIFO"))
    }

    @Test func aLinkIsFollowedOnlyWhereItMayBe() throws {
        let path = try folder.write("text", to: "a")
        let link = folder.file("link")
        try #require(symlink(path, link) == 0)
        #expect(problem(link) == nil)
        #expect(problem(link, followsLink: false) == .notRegular("a symbolic link"))
    }

    @Test func aSocketIsRefused() throws {
        let path = folder.file("socket")
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(isBound)
        #expect(problem(path) == .notRegular("a socket"))
    }

    /// As a shell passes `<(…)`.
    @Test func aPipeOfThisProcessIsReadToItsEnd() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        #expect(write(ends[1], "text", 4) == 4)
        close(ends[1])
        let path = "/dev/fd/\(ends[0])"
        #expect(problem(path) == .notRegular("a FIFO"))
        #expect(try InputFile(path: path, takesStreams: true).contents(limit: 100) == Array("text".utf8))
    }

    @Test(arguments: ["/dev/stdin", "/dev/fd/0", "/dev/fd/63", "/proc/self/fd/7"])
    func descriptorsAreStreams(_ path: String) { #expect(InputFile.isStream(path)) }

    @Test(arguments: ["/dev/fd/", "/dev/fd/x", "/dev/fd/1/../../tty", "/dev/tty", "/proc/1/fd/0", "a", "-", ""])
    func otherPathsAreNot(_ path: String) { #expect(!InputFile.isStream(path)) }

    @Test func whatIsTooLongIsRefused() throws {
        let path = try folder.write(String(repeating: "x", count: 101), to: "a")
        #expect(problem(path) == .tooLong(limit: 100))
        // Of a file of the kernel's, the length is not known before.
        do throws(FileError) {
            _ = try InputFile(path: "/proc/self/maps").contents(limit: 10)
            Issue.record("it was read")
        } catch {
            #expect(error.kind == .tooLong(limit: 10))
        }
    }
}
