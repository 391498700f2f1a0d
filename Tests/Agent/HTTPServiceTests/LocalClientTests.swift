import CSystem
import Glibc
import TemporaryFiles
import Testing

@testable import HTTPService

/// The C library's, which the module of Swift leaves out.
@_silgen_name("setfsuid")
private func setfsuid(_ user: uid_t) -> Int32

@Suite("Requests to a Unix socket")
struct LocalClientTests {
    private let folder: TemporaryFolder
    private static let patience = Duration.seconds(600)

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("Status and body arrive, whatever they are")
    func answers() throws {
        let server = try HTTPServer(.unix(path: folder.socket), limits: HTTPServerTests.patient) { request in
            request.path == "/bytes"
                ? HTTPResponse(body: [0, 255, 10])
                : .text("\(request.path) \(request.query["a"] ?? "")", status: 503)
        }
        defer { withExtendedLifetime(server) {} }
        let bytes = try LocalClient.ask(socket: folder.socket, "/bytes", timeout: Self.patience)
        #expect(bytes == (200, [0, 255, 10]))
        let text = try LocalClient.ask(socket: folder.socket, "/x/../y?a=%20b", timeout: Self.patience)
        #expect(text == (503, Array("/x/../y  b".utf8)))
    }

    @Test("An answer may be as long as the limit and no longer")
    func limit() throws {
        let server = try HTTPServer(.unix(path: folder.socket), limits: HTTPServerTests.patient) { request in
            HTTPResponse(body: [UInt8](repeating: 1, count: request.path == "/long" ? 300_001 : 300_000))
        }
        defer { withExtendedLifetime(server) {} }
        let answer = try LocalClient.ask(
            socket: folder.socket, "/", timeout: Self.patience, limit: 300_000)
        #expect(answer.body.count == 300_000)
        #expect(throws: HTTPServiceError(.tooLong(300_000), at: folder.socket)) {
            try LocalClient.ask(socket: folder.socket, "/long", timeout: Self.patience, limit: 300_000)
        }
    }

    @Test("Nobody there: never was, is gone, or is another's")
    func nobody() throws {
        #expect(throws: HTTPServiceError(.absent, at: folder.socket)) {
            try LocalClient.ask(socket: folder.socket, "/", timeout: Self.patience)
        }
        try folder.leaveSocket()
        #expect(throws: HTTPServiceError(.refused, at: folder.socket)) {
            try LocalClient.ask(socket: folder.socket, "/", timeout: Self.patience)
        }
        // Root may do anything: be nobody for a moment, on this thread alone.
        #expect(chmod(folder.socket, geteuid() == 0 ? 0o600 : 0) == 0)
        let user = geteuid()
        if user == 0 {
            chmod(folder.path, 0o755)
            _ = setfsuid(65534)
        }
        defer { if user == 0 { _ = setfsuid(user) } }
        #expect(throws: HTTPServiceError(.forbidden, at: folder.socket)) {
            try LocalClient.ask(socket: folder.socket, "/", timeout: Self.patience)
        }
    }

    @Test("Somebody who says nothing, or nonsense")
    func noAnswer() throws {
        let listener = try folder.bindSocket(SOCK_STREAM)
        #expect(listen(listener, 8) == 0)
        #expect(throws: HTTPServiceError(.timedOut, at: folder.socket)) {
            try LocalClient.ask(socket: folder.socket, "/", timeout: .milliseconds(50))
        }
        close(listener)
    }

    @Test("What cannot be asked", arguments: ["", "v1", "/a b", "/a\r\nX: y", "/ä", "http://elsewhere/"])
    func unusableTargets(target: String) throws {
        #expect(throws: HTTPServiceError(.unusableTarget, at: target)) {
            try LocalClient.ask(socket: folder.socket, target, timeout: Self.patience)
        }
        #expect(throws: HTTPServiceError(.unusablePath, at: "")) {
            try LocalClient.ask(socket: "", "/", timeout: Self.patience)
        }
    }

    @Test("Errors name the remedy")
    func texts() {
        #expect(
            HTTPServiceError(.absent, at: "/run/x").description
                == "/run/x: there is no such socket; is 'ipvsync run' at work, and is this its path?")
        #expect(HTTPServiceError(.forbidden, at: "/run/x").description.contains("run as root"))
        #expect(HTTPServiceError(.refused, at: "/run/x").description.contains("start 'ipvsync run'"))
        #expect(
            HTTPServiceError(.listening(ENOSPC), at: "x").description == "x: cannot listen: No space left on device")
    }
}
