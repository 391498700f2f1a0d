import CSystem
import Glibc
import HTTPService
import TemporaryFiles
import Testing

@Suite("HTTP server on a Unix socket")
struct UnixSocketTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func server(_ text: String = "") throws -> HTTPServer {
        try HTTPServer(.unix(path: folder.socket), limits: HTTPServerTests.patient) { request in
            .text(request.localPort == nil ? text : "a port")
        }
    }

    @Test("Only its owner can connect, and the file goes with the server")
    func mode() throws {
        var server: HTTPServer? = try server("here")
        #expect(server?.port == nil)
        #expect(folder.mode == S_IFSOCK | 0o600)
        #expect(try Client(path: folder.socket).get("/").body == "here")
        server = nil
        #expect(folder.mode == nil)
    }

    @Test("A socket that nobody listens on is replaced")
    func stale() throws {
        try folder.leaveSocket()
        let server = try server("new")
        defer { withExtendedLifetime(server) {} }
        #expect(try Client(path: folder.socket).get("/").body == "new")
    }

    @Test("A socket that somebody listens on is left alone")
    func live() throws {
        let first = try server("first")
        defer { withExtendedLifetime(first) {} }
        #expect(throws: HTTPServiceError(.occupied, at: folder.socket)) { try server("second") }
        #expect(try Client(path: folder.socket).get("/").body == "first")
    }

    @Test("So is one whose owner is too busy to accept")
    func busy() throws {
        let listener = try folder.bindSocket(SOCK_STREAM)
        defer { close(listener) }
        #expect(listen(listener, 0) == 0)
        let waiting = try Client(path: folder.socket)
        defer { withExtendedLifetime(waiting) {} }
        #expect(throws: HTTPServiceError(.occupied, at: folder.socket)) { try server() }
        #expect(folder.mode != nil)
    }

    @Test("A file that is no socket is left alone")
    func file() throws {
        close(open(folder.socket, O_CREAT | O_WRONLY, 0o644))
        #expect(throws: HTTPServiceError(.notSocket, at: folder.socket)) { try server() }
        #expect(folder.mode == S_IFREG | 0o644)
    }

    @Test("A server that has lost its place leaves the next one's file alone")
    func replaced() throws {
        var first: HTTPServer? = try server("first")
        unlink(folder.socket)
        let second = try server("second")
        #expect(first != nil)
        first = nil
        defer { withExtendedLifetime(second) {} }
        #expect(try Client(path: folder.socket).get("/").body == "second")
    }

    @Test("Paths that cannot be")
    func unusablePaths() throws {
        for path in ["", folder.path + "/" + String(repeating: "x", count: 108), "/tmp/a\0b"] {
            #expect(throws: HTTPServiceError(.unusablePath, at: path)) {
                try HTTPServer(.unix(path: path)) { _ in .text("") }
            }
        }
        let missing = folder.path + "/missing/socket"
        #expect(throws: HTTPServiceError(.listening(ENOENT), at: missing)) {
            try HTTPServer(.unix(path: missing)) { _ in .text("") }
        }
    }
}
