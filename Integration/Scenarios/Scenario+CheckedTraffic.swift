import Glibc

extension Scenario {
    /// What a verdict does to connections, to every kind of virtual server, and with certificates.
    static let checkedTraffic: [Scenario] = [
        Scenario("checks: one of three real servers is drained by its check while it still answers") { context in
            let site = try TrafficSite(context)
            let pages = try site.startStatusPages(of: [1, 2, 3])
            var table = TrafficTable(servers: [1, 2, 3])
            table.rules =
                "onFailure: drain, checks: [{type: http, port: 8081, interval: 200ms, timeout: 2s, fall: 2, rise: 2}]"
            let agent = try site.start(table)
            let traffic = try site.startTraffic()
            try traffic.waitForAnswers(50)
            var phase = 1
            for round in 1...3 {
                try pages.set(1, isWell: false)
                (table.servers, table.draining) = ([2, 3], [1])
                try site.eventually(table, agent)
                traffic.beginPhase()
                try traffic.waitForAnswers(50)
                let fewer = traffic.report.new(phase: phase).servers
                try expectEqual(fewer, TrafficSite.addresses(of: [2, 3]).sorted(), "servers in round \(round)")
                try pages.set(1, isWell: true)
                (table.servers, table.draining) = ([1, 2, 3], [])
                try site.eventually(table, agent)
                traffic.beginPhase()
                try traffic.waitForAnswers(50)
                let all = traffic.report.new(phase: phase + 1).servers
                try expectEqual(all, TrafficSite.addresses(of: [1, 2, 3]).sorted(), "servers after round \(round)")
                phase += 2
            }
            try traffic.finish().expectFlawless()
        },
        Scenario("checks: virtual servers of every protocol and way of forwarding follow their checks") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            let pages = try StatusPages(context, addresses: ["127.0.0.1", "127.0.0.2"])
            let kinds = [
                (protocol: "sctp", forwarding: "masquerade", address: "10.96.0.10:2905"),
                (protocol: "udp", forwarding: "direct", address: "10.96.0.11:8081"),
                (protocol: "tcp", forwarding: "tunnel", address: "10.96.0.12:8081"),
            ]
            let servers = kinds.map { kind in
                "{address: '\(kind.address)', protocol: \(kind.protocol), forwarding: \(kind.forwarding), scheduler: wrr, "
                    + "onFailure: weight 0, checks: [status], realServers: [127.0.0.1, 127.0.0.2]}"
            }
            let file = try context.write(
                "{checks: {status: {type: http, port: 8081, interval: 200ms, timeout: 2s, fall: 2}}, "
                    + "virtualServers: [\(servers.joined(separator: ",\n"))]}\n", to: "site.yaml")
            let agent = try context.startIPVSync("--config", file)
            let table = { (weights: [Int]) in
                let rows = [
                    ("--sctp-service 10.96.0.10:2905", ":2905 -m", ""), ("-u 10.96.0.11:8081", ":8081 -g", ""),
                    ("-t 10.96.0.12:8081", ":8081 -i", " --tun-type ipip"),
                ]
                return rows.flatMap { name, port, end in
                    ["-A \(name) -s wrr"]
                        + weights.enumerated().map { "-a \(name) -r 127.0.0.\($0 + 1)\(port) -w \($1)\(end)" }
                }.sorted()
            }
            let expectWeights = { (weights: [Int]) throws(ScenarioFailure) in
                try context.eventually("the weights \(weights)") { () throws(ScenarioFailure) in
                    try expect(agent.isRunning, agent.error)
                    return try context.ipvsadmSave().sorted() == table(weights)
                }
            }
            try expectWeights([1, 1])
            for weights in [[0, 1], [0, 0], [1, 0], [1, 1]] {
                for (index, weight) in weights.enumerated() {
                    try pages.set("127.0.0.\(index + 1)", isWell: weight > 0)
                }
                try expectWeights(weights)
            }
        },
        Scenario("checks: a certificate that has expired, and one that is renewed") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            // An expiry of one certificate is seen by those who verify, and by no one else.
            let certificates = """
                set -eu
                cd "$1"
                key() { openssl req "$@" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes 2>/dev/null; }
                key -x509 -days 9 -subj /CN=authority -keyout authority.key -out ca-certificates.crt
                key -subj /CN=server -keyout server.key -out server.csr
                for days in -1 9; do
                    openssl x509 -req -in server.csr -CA ca-certificates.crt -CAkey authority.key -CAcreateserial \\
                        -days "$days" -extfile <(echo subjectAltName=IP:127.0.0.1) -out "server$days.pem" 2>/dev/null
                done
                """
            try context.run(["bash", "-c", certificates, "certificates", context.directory])
            let servers = try context.write(
                """
                import http.server, ssl, sys
                class Handler(http.server.BaseHTTPRequestHandler):
                    def do_GET(self):
                        self.send_response(200)
                        self.end_headers()
                    def log_message(self, *arguments):
                        pass
                server = http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(sys.argv[2], sys.argv[3])
                server.socket = context.wrap_socket(server.socket, server_side=True)
                print('listening', flush=True)
                server.serve_forever()
                """, to: "server.py")
            let serve = { (days: Int) throws(ScenarioFailure) in
                let server = try Command(
                    [
                        "python3", servers, "8443", "\(context.directory)/server\(days).pem",
                        "\(context.directory)/server.key",
                    ]
                ).start()
                try server.waitForText("listening")
                return server
            }
            let check = "interval: 200ms, timeout: 5s, fall: 2"
            let file = try context.write(
                """
                virtualServers:
                - {address: '10.96.0.10:443', onFailure: weight 0, realServers: ['127.0.0.1:8443'],
                   checks: [{type: https, verify: true, \(check)}]}
                - {address: '10.96.0.11:443', onFailure: weight 0, realServers: ['127.0.0.1:8443'],
                   checks: [{type: https, \(check)}]}

                """, to: "site.yaml")
            let first = try serve(9)
            // The system's authorities are the scenario's, for this agent alone.
            let agent = try Command([
                "unshare", "--mount", "sh", "-euc",
                #"mount -t tmpfs -o mode=755 none /etc/ssl/certs; cp "$1" /etc/ssl/certs; shift; exec "$@""#, "sh",
                "\(context.directory)/ca-certificates.crt", context.ipvsync, "run", "--config", file,
            ]).start()
            let table = { (verified: Int) in
                [
                    "-A -t 10.96.0.10:443 -s wlc", "-a -t 10.96.0.10:443 -r 127.0.0.1:8443 -m -w \(verified)",
                    "-A -t 10.96.0.11:443 -s wlc", "-a -t 10.96.0.11:443 -r 127.0.0.1:8443 -m -w 1",
                ]
            }
            try context.eventuallyTable(agent, table(1))
            first.send(SIGKILL)
            _ = try first.wait()
            let second = try serve(-1)
            try context.eventually("the expiry is told") { () throws(ScenarioFailure) in
                try context.command("status").output.contains("certificate has expired")
            }
            try context.eventuallyTable(agent, table(0))
            second.send(SIGKILL)
            _ = try second.wait()
            let third = try serve(9)
            try context.eventuallyTable(agent, table(1))
            third.send(SIGKILL)
            _ = try third.wait()
        },
    ]
}

/// Pages on port 8081 of some addresses that tell whether a real server is well, whatever else it does.
final class StatusPages {
    private let context: Context
    private let program: RunningCommand

    private static let source = """
        import http.server, os, socket, sys, threading
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                address = self.server.server_address[0]
                self.send_response(503 if os.path.exists(f'{sys.argv[1]}/ill-{address}') else 200)
                self.end_headers()
            def log_message(self, *arguments):
                pass
        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 64
        class Server6(Server):
            address_family = socket.AF_INET6
        for address in sys.argv[2:]:
            server = (Server6 if ':' in address else Server)((address, 8081), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        print('listening', flush=True)
        threading.Event().wait()
        """

    /// In the current namespace, which has the addresses.
    init(_ context: Context, addresses: [String]) throws(ScenarioFailure) {
        self.context = context
        let source = try context.write(Self.source, to: "pages.py")
        program = try Command(["python3", source, context.directory] + addresses).start()
        try program.waitForText("listening")
    }

    /// Has a page say how its real server is.
    func set(_ address: String, isWell: Bool) throws(ScenarioFailure) {
        let path = "\(context.directory)/ill-\(address)"
        if isWell { unlink(path) } else { _ = try context.write("", to: "ill-\(address)") }
    }

    /// The same of both addresses of a real server of a ``TrafficSite``.
    func set(_ server: Int, isWell: Bool) throws(ScenarioFailure) {
        for address in TrafficSite.addresses(of: server) { try set(address, isWell: isWell) }
    }
}
