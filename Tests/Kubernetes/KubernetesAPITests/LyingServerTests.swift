import Foundation
import KubernetesObjects
import LoadBalancing
import TemporaryFiles
import Testing

@testable import KubernetesAPI

/// A server over TLS that lies in what libcurl sees: heads, lengths, encodings, time.
@Suite(.serialized, .timeLimit(.minutes(6)))
struct LyingServerTests {
    /// What goes wrong first, while the lists are asked for.
    private func problem(_ lie: String, _ access: (StandIn) throws -> ClusterAccess = { try $0.access }) throws
        -> String
    {
        let server = try StandIn()
        try server.tell(["lie": lie])
        let watch = ClusterWatch(try access(server), resources: [APIResource.all(node: "n1")[0]], follows: false)
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(60) {
            let events = watch.poll(timeout: .milliseconds(200))
            #expect(events.isEmpty, "\(lie)")
            if let problem = watch.statuses[0].status.problem { return problem.message }
        }
        return "nothing within a minute"
    }

    @Test(arguments: [
        ("huge-head", "head of the answer"), ("huge-line", "line of the answer's head"),
        ("interim", "head of the answer"),
        ("encoded:gzip", "compressed (content-encoding: gzip)"), ("encoded:br", "compressed (content-encoding: br)"),
        ("transferred", "compressed (transfer-encoding: gzip)"), ("compressed", "no JSON"),
        ("redirect:file:///etc/shadow", "redirects are not followed"),
        ("redirect:https://127.0.0.1:1/", "redirects are not followed"), ("error:x", "HTTP 403: {\"kind\":\"Status\""),
        ("http10-cut", "ends in the middle"), ("http09", "HTTP/0.9"), ("long", "remaining"), ("chunk", "chunked"),
        ("two", "behind the list"),
        ("code:999", "HTTP 999"), ("code:204", "HTTP 204"), ("later", "HTTP 429"), ("type:text/html", "text/html"),
        ("body:<html></html>", "no JSON"), ("body:", "ends in the middle"), ("kind:SecretList", "another kind"),
        ("late-kind:SecretList", "another kind"), ("status:sorry", "sorry"), ("item-kind:Node", "another kind"),
        ("version:null", "resourceVersion"), ("token:100000", "longer than"),
    ])
    func aLieIsToldOf(lie: String, part: String) throws {
        let message = try problem(lie)
        #expect(
            message.contains(part) && !message.isEmpty && message != "nothing within a minute", "\(lie): \(message)")
    }

    /// HTTP/1.0 without a length is odd, and no lie.
    @Test func anAnswerInHTTP10IsTaken() throws {
        let server = try StandIn()
        try server.tell(["lie": "http10"])
        let found = try ClusterWatch.snapshot(server.access, [APIResource.all(node: "n1")[0]])
        #expect(found.objects.count == 1)
        #expect(found.servers == [try #require(IPAddress("127.0.0.1"))])
    }

    /// Trouble is told within 10 s, by an agent as by a command, while they keep trying.
    @Test(arguments: ["silent", "trickle", "slow-head", "never-ends"])
    func aServerThatIsSlowIsToldOfWithin10Seconds(lie: String) throws {
        let start = ContinuousClock.now
        let message = try problem(lie)
        // The stand-in starts meanwhile, and the machine may be busy.
        #expect(ContinuousClock.now - start < .seconds(50))
        #expect(message.contains("waiting on"), "\(lie): \(message)")
    }

    /// Nobody answers the TLS handshake; nobody answers the connection.
    @Test func connectionsThatDoNotComeToBeAreToldOf() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(listener, $0, length) == 0 && listen(listener, 1) == 0)
                #expect(getsockname(listener, $0, &length) == 0)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        let watch = ClusterWatch(
            try ClusterAccess(server: "https://127.0.0.1:\(port)", trust: .anything),
            resources: APIResource.all(node: "n1"))
        let start = ContinuousClock.now
        // The second and third connection do not even get through the listener's queue.
        while ContinuousClock.now - start < .seconds(60), watch.statuses.contains(where: { $0.status.problem == nil }) {
            _ = watch.poll(timeout: .milliseconds(200))
        }
        #expect(watch.statuses.allSatisfy { $0.status.problem?.isRefusal == false })
        #expect(ContinuousClock.now - start < .seconds(50))
    }

    /// The same trouble reads the same each time, so that it is told once.
    @Test func troubleReadsTheSameEachTime() throws {
        let watch = ClusterWatch(
            try ClusterAccess(server: "https://127.0.0.1:1", trust: .anything), resources: APIResource.all(node: "n1"))
        var messages: Set<String> = []
        while (watch.statuses.map(\.status.failures).min() ?? 0) < 3 {
            _ = watch.poll(timeout: .milliseconds(200))
            messages.formUnion(watch.statuses.compactMap { $0.status.problem?.message })
        }
        #expect(messages.count == 1, "\(messages)")
    }

    /// An old server's TLS is told of at once.
    @Test func oldTLSIsRefused() throws {
        let message = try problem("kind:ServiceList") { server in
            try server.tell(["tls": "1.1"])
            return try server.access
        }
        #expect(message.lowercased().contains("protocol") || message.contains("alert"), "\(message)")
    }

    // MARK: - The program

    /// Endless lists and pages end with an error, in bounded time and memory. On a machine that is too slow for a page
    /// of that size, the time for it is over before its objects are counted.
    @Test(arguments: [
        ("endless:same", ["a token that it gave before"]),
        ("page:40", ["more than 250000 objects", "no answer within 8 s", "timed out"]),
        ("numbers:3", ["more than 250000 nodes", "no answer within 8 s", "timed out"]),
        ("kind:SecretList", ["another kind"]),
    ])
    func theProgramEndsWithAnError(lie: String, parts: [String]) throws {
        let server = try StandIn()
        try server.tell(["lie": lie])
        let found = try MeasuredProgram.env(server)
        #expect(
            found.status == 1 && parts.contains { found.output.contains($0) },
            "\(lie): \(found.status) \(found.output.prefix(2_000))")
        #expect(found.memory < 500 << 10, "\(lie): \(found.memory >> 10) MiB")
    }

    // MARK: - Environment and secrets

    @Test func theEnvironmentIsNotHeeded() throws {
        let server = try StandIn()
        try server.setService("web", ip: "10.96.0.7")
        let keys = server.folder.file("keys")
        let config = try server.folder.write("openssl_conf = nonsense\n[nonsense]\nengines = x\n", to: "openssl.cnf")
        let netrc = try server.folder.write("machine 127.0.0.1 login a password b\n", to: ".netrc")
        let found = try MeasuredProgram.env(
            server,
            environment: [
                "SSLKEYLOGFILE": keys, "OPENSSL_CONF": config, "OPENSSL_MODULES": "/nonexistent",
                "SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/nonexistent", "CURL_CA_BUNDLE": "/dev/null",
                "CURL_HOME": server.folder.file(""), "CURL_SSL_BACKEND": "gnutls", "NETRC": netrc,
                "HOME": server.folder.file(""), "ALL_PROXY": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1",
                "HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1", "NLCB": "debug", "NLDBG": "9",
                "RES_OPTIONS": "timeout:1", "LOCALDOMAIN": "evil.example", "HOSTALIASES": "/dev/null",
            ])
        #expect(found.status == 0 && found.output.contains("WEB_SERVICE_HOST"), "\(found.output)")
        #expect(!FileManager.default.fileExists(atPath: keys))
        let headers = try server.tell(["headers": true])
        #expect(headers.contains("Bearer \(StandIn.token)") && !headers.contains("Basic"))
    }

    /// Core dumps would hold the token: an agent forbids them before it reads anything.
    @Test(arguments: [([], "0"), (["--core-dumps"], "1000")] as [([String], String)])
    func theAgentForbidsCoreDumps(options: [String], limit: String) throws {
        // It waits for its configuration, descriptor 0, as long as the pipe is open.
        let script = """
            import resource, subprocess, sys, time
            resource.setrlimit(resource.RLIMIT_CORE, (1000, 1000))
            child = subprocess.Popen(sys.argv[1:] + ["--config", "-"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            end = time.monotonic() + 60
            while not open("/proc/%d/syscall" % child.pid).read().startswith("0 0x0 ") and time.monotonic() < end:
                time.sleep(0.01)
            print(resource.prlimit(child.pid, resource.RLIMIT_CORE)[0])
            child.kill()
            child.wait()
            """
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, try MeasuredProgram.path] + options
        process.standardOutput = output
        try process.run()
        let found = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(found == "\(limit)\n")
    }

    /// The kubeconfig's proxy is used for every server, whatever `NO_PROXY` says.
    @Test func theProxyOfTheKubeconfigIsUsed() throws {
        let server = try StandIn()
        let found = try MeasuredProgram.env(
            server, cluster: ", proxy-url: \"http://joe:PROXYWORD@127.0.0.1:1\"", environment: ["NO_PROXY": "*"],
            limit: 5)
        // Nobody listens there: that is told at once, while it keeps trying.
        #expect(found.output.contains("port 1"), "\(found.output)")
        #expect(!found.output.contains("PROXYWORD"))
    }

    @Test(arguments: [
        "http://joe:HUNTER2@127.0.0.1:1/", "https://joe:HUNTER2@127.0.0.1:1", "https://joe:HUNTER2@",
        "https://joe:HUN/TER2@127.0.0.1:1", "https://joe:HUNTER2#@127.0.0.1:1", "https://joe:HUNTER2@x@127.0.0.1:1",
        "https://joe:HUNTER2%zz@127.0.0.1:1", "ftp://joe:HUNTER2@127.0.0.1", "joe:HUNTER2@127.0.0.1",
        "https://joe:HUNTER2 @127.0.0.1:1", "https://joe:HUNTER2@127.0.0.1:99999",
    ])
    func passwordsInURLsAreNotShown(url: String) throws {
        let server = try StandIn()
        for (url, cluster) in [(url, ""), ("https://127.0.0.1:1", ", proxy-url: \"\(url)\"")] {
            let found = try MeasuredProgram.env(
                server, cluster: cluster, url: url, user: "username: u, password: PASS123", limit: 3)
            #expect(!found.output.isEmpty)
            for word in ["HUNTER2", "HUN/", "TER2", "PASS123"] {
                #expect(!found.output.contains(word), "\(found.output)")
            }
        }
    }
}
