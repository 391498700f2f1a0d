import Configuration
import HealthChecks
import LoadBalancing
import TestSupport
import Testing

@Suite("Checks of real servers in a configuration")
struct CheckConfigurationTests {
    private static let key = "tcp 10.0.0.1:80"

    private func rules(_ text: String) throws -> HealthRules {
        let configuration = try Configuration.parse(text, file: "f")
        let key = try #require(VirtualServerKey(Self.key))
        return try #require(configuration.health[key])
    }

    @Test("Named, brief and whole checks, for all real servers or for one")
    func checks() throws {
        let rules = try rules(
            """
            checks:
              web: {type: http, path: /healthz, host: shop.example.com, statuses: [200, 300-399], interval: 2s, fall: 2}
            virtualServers:
            - address: 10.0.0.1:80
              checks: [web, ping]
              onFailure: weight 0
              quorum: 3
              hysteresis: 1
              panicThreshold: 20%
              slowStart: 1m
              startsDown: true
              drainsAtEnd: true
              backup: {address: 10.1.0.9, weight: 2}
              realServers:
              - 10.1.0.1
              - {address: 10.1.0.2, checks: [{type: tcp, port: 81, send: "PING\\r\\n", expect: PONG}]}
              - {address: 10.1.0.3, checks: []}
            """)
        var http = ServerCheck.HTTPProbe()
        http.path = "/healthz"
        http.host = "shop.example.com"
        http.statuses = [200...200, 300...399]
        let web = ServerCheck(.http(http), interval: .seconds(2), timeout: .seconds(2), fall: 2)
        #expect(rules.checks == [web, ServerCheck(.ping)])
        let exchange = ServerCheck.Exchange(send: Array("PING\r\n".utf8), expect: Array("PONG".utf8))
        #expect(
            rules.own == [
                try #require(Endpoint("10.1.0.2:80")): [ServerCheck(.tcp(exchange), port: 81)],
                try #require(Endpoint("10.1.0.3:80")): [],
            ])
        #expect(rules.onFailure == .weightZero)
        #expect(rules.quorum == 3 && rules.hysteresis == 1 && rules.panicThreshold == 20)
        #expect(rules.slowStart == .seconds(60) && rules.startsDown && rules.drainsAtEnd)
        #expect(rules.backup == RealServer(try #require(Endpoint("10.1.0.9:80")), weight: 2))
    }

    @Test("Defaults are for all virtual servers that say nothing else")
    func defaults() throws {
        let text = """
            defaults: {checks: [tcp], onFailure: remove}
            virtualServers:
            - {address: 10.0.0.1:80, realServers: [10.1.0.1]}
            - {address: 10.0.0.2:80, checks: [], realServers: [10.1.0.1]}
            """
        #expect(try rules(text).onFailure == .remove)
        #expect(try Configuration.parse(text, file: "f").health.count == 1)
    }

    @Test("Hooks and the address that a virtual server waits for")
    func hooks() throws {
        let text = """
            hooks: {realServerDown: [/bin/notify, a b], quorumLost: [/bin/notify], user: mail, timeout: 2s}
            defaults: {activeWhen: {address: 192.0.2.7}}
            virtualServers:
            - {address: 10.0.0.1:80, realServers: [10.1.0.1]}
            - {address: 10.0.0.2:80, activeWhen: {address: "2001:db8::7"}, realServers: [10.1.0.1]}
            """
        let configuration = try Configuration.parse(text, file: "f")
        let hooks = HookSettings(
            commands: [.realServerDown: ["/bin/notify", "a b"], .quorumLost: ["/bin/notify"]], user: "mail",
            timeout: .seconds(2))
        #expect(configuration.settings.hooks == hooks)
        let addresses = configuration.desired.virtualServers.map(\.activeWhen)
        #expect(addresses == [IPAddress("192.0.2.7"), IPAddress("2001:db8::7")])
        var again = try Configuration.parse(configuration.yaml(), file: "f")
        again.places = configuration.places
        #expect(again == configuration)
    }

    @Test(
        "What is wrong with hooks and activity is told",
        arguments: [
            ("hooks: {}", "f:1:8: hooks has no program; write `realServerDown: [/usr/local/bin/notify]`"),
            ("hooks: {realServerDown: [notify]}", "realServerDown does not begin with the absolute path"),
            ("hooks: {realServerDown: []}", "realServerDown does not begin with the absolute path"),
            ("hooks: {realServrDown: [/bin/a]}", "did you mean `realServerDown`?"),
            ("hooks: {quorumLost: /bin/a}", "quorumLost is `/bin/a`; write a list"),
            ("hooks: {quorumLost: [/bin/a], timeout: 10m}", "timeout is `10m`"),
            ("hooks: {quorumLost: [/bin/a], user: A B}", "user is `A B`"),
            ("defaults: {activeWhen: {address: 127.0.0.1}}", "127.0.0.1 is never on one node alone"),
            ("defaults: {activeWhen: {address: \"fe80::1\"}}", "fe80::1 is never on one node alone"),
            ("defaults: {activeWhen: {address: 192.0.2.7:80}}", "write an address without a port"),
            ("defaults: {activeWhen: {}}", "address is missing"),
            ("defaults: {activeWhen: 192.0.2.7}", "activeWhen is `192.0.2.7`; write a mapping with address"),
        ])
    func wrongHooks(text: String, problem: String) {
        let error = #expect(throws: ConfigurationErrors.self) {
            try Configuration.parse(text + "\nvirtualServers: []\n", file: "f")
        }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }

    @Test(
        "What is wrong is told with its place",
        arguments: [
            ("checks: [tpc]", "f:3:12: virtual server 10.0.0.1:80: there is no check `tpc`"),
            (
                "checks: [{type: http, pat: /}]",
                "f:3:25: virtual server 10.0.0.1:80, a check: unknown key `pat`; did you mean `path`?"
            ),
            ("checks: [{type: tcp, path: /}]", "path is only for http or https, not for tcp; leave it out"),
            ("checks: [{type: dns}]", "name is missing; write `name: …`"),
            ("checks: [{type: ping, port: 80, interval: 50ms}]", "interval is `50ms`"),
            ("checks: [{type: command, command: [true]}]", "command is true"),
            ("checks: [{type: command, command: [bin/check]}]", "does not begin with the absolute path"),
            ("checks: [{type: http, headers: {\"A B\": c}}]", "is no header of one line"),
            ("checks: [{type: http, body: {contains: a, matches: b}}]", "a body needs one condition"),
            ("checks: [{type: http, body: {matches: \"(\"}}]", "write a POSIX extended regular expression"),
            ("checks: [{type: http, statuses: [99]}]", "statuses has 99"),
            ("checks: [{type: https, certificate: /c.pem}]", "certificate and key belong together"),
            ("checks: [{type: tcp, send: a, sendHex: 0a}]", "send and sendHex exclude each other"),
            ("checks: [{type: tcp, source: \"::1\"}]", "cannot be asked from the source ::1"),
            ("checks: tcp", "checks is `tcp`; write a list of at most 16"),
            ("checks: [tcp]\n  quorum: 2\n  hysteresis: 2", "hysteresis 2 is not below the quorum 2"),
            ("checks: [tcp]\n  backup: 10.1.0.1", "the backup 10.1.0.1:80 is one of the real servers"),
            ("quorum: 2", "quorum has no effect, for no real server is checked"),
            ("checks: [tcp]\n  onFailure: inhibit", "write drain, remove or weight 0"),
            ("checks: [{type: tcp, fall: 0}]", "write an integer from 1 to 100"),
        ])
    func errors(lines: String, expected: String) throws {
        let text = "virtualServers:\n- address: 10.0.0.1:80\n  \(lines)\n  realServers: [10.1.0.1]\n"
        do {
            _ = try Configuration.parse(text, file: "f")
            Issue.record("it is taken")
        } catch {
            #expect("\(error)".contains(expected), "\(error)")
        }
    }

    @Test("A check of a real server without a port needs one")
    func missingPort() {
        #expect(throws: ConfigurationErrors.self) {
            try Configuration.parse(
                "virtualServers:\n- {firewallMark: 1, checks: [tcp], realServers: [10.1.0.1]}\n", file: "f")
        }
        #expect(throws: Never.self) {
            try Configuration.parse(
                "virtualServers:\n- {firewallMark: 1, checks: [ping], realServers: [10.1.0.1]}\n", file: "f")
        }
    }

    @Test("What is written reads back the same", arguments: 0..<4 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = RandomChecks(generator: SeededGenerator(seed: seed))
        let key = try #require(VirtualServerKey(Self.key))
        for _ in 0..<200 {
            let servers = (1...3).map { RealServer(Endpoint(IPAddress(v4: 0x0A01_0000 + $0), port: 80)) }
            let expected = try random.rules(servers)
            let configuration = Configuration(
                desired: DesiredState(virtualServers: [DesiredVirtualServer(VirtualServer(key), realServers: servers)]),
                health: [key: expected])
            let text = configuration.yaml()
            do {
                #expect(try Configuration.parse(text, file: "f").health == [key: expected], "\(text)")
            } catch {
                Issue.record("\(error)\n\(text)")
            }
        }
    }
}

/// Random rules with every attribute there is.
private struct RandomChecks {
    var generator: SeededGenerator

    mutating func rules(_ servers: [RealServer]) throws -> HealthRules {
        var rules = HealthRules(checks: [check()], onFailure: pick(HealthRules.FailureAction.allCases))
        if chance() { rules.checks.append(check()) }
        for server in servers where chance() { rules.own[server.endpoint] = chance() ? [] : [check()] }
        // Else none would be checked.
        rules.own[servers[0].endpoint] = nil
        if chance() { rules.quorum = .random(in: 5...100, using: &generator) }
        if rules.quorum != nil, chance() { rules.hysteresis = 4 }
        if chance() { rules.backup = RealServer(Endpoint(IPAddress(v4: 0x0A01_00FF), port: 81), weight: 7) }
        rules.startsDown = chance()
        rules.drainsAtEnd = chance()
        rules.panicThreshold = .random(in: 0...100, using: &generator)
        if chance() { rules.slowStart = .seconds(Int.random(in: 1...86_400, using: &generator)) }
        return rules
    }

    private mutating func check() -> ServerCheck {
        var check = ServerCheck(probe())
        if chance() { check.interval = .milliseconds(Int.random(in: 100...100_000, using: &generator)) }
        check.timeout = chance() ? min(check.timeout, check.interval) : .milliseconds(chance() ? 50 : 200_000)
        if chance() { check.retryDelay = .milliseconds(70) }
        check.rise = .random(in: 1...5, using: &generator)
        check.fall = .random(in: 1...5, using: &generator)
        switch check.probe {
        case .command, .file: return check
        default: break
        }
        if chance() { check.address = IPAddress("10.9.9.9") }
        if chance() { check.port = 8081 }
        if chance() { check.source = IPAddress("10.9.9.1") }
        if chance() { check.mark = 7 }
        return check
    }

    private mutating func probe() -> ServerCheck.Probe {
        switch Int.random(in: 0...8, using: &generator) {
        case 0: return .tcp(chance() ? exchange() : nil)
        case 1: return .udp(chance() ? exchange() : nil)
        case 2, 3: return .http(http())
        case 4:
            return .dns(
                ServerCheck.DNSProbe(name: "example.com", type: pick(["A", "MX"]), answer: chance() ? "x y" : nil))
        case 5: return .smtp(helo: pick(["localhost", "mail.example.com"]))
        case 6: return .ping
        case 7:
            return .command(
                ServerCheck.CommandProbe(
                    ["/bin/check", "--flag", "a b"], isDynamic: chance(), user: chance() ? "nobody" : nil))
        default: return .file("/run/weight of web")
        }
    }

    private mutating func exchange() -> ServerCheck.Exchange {
        let bytes: [[UInt8]] = [Array("hello".utf8), [0, 1, 0xFF], Array("a: \"b\"".utf8)]
        return ServerCheck.Exchange(send: pick(bytes), expect: chance() ? [] : pick(bytes))
    }

    private mutating func http() -> ServerCheck.HTTPProbe {
        var http = ServerCheck.HTTPProbe()
        http.isTLS = chance()
        http.method = pick(["GET", "HEAD"])
        http.path = pick(["/", "/a?b=c#d"])
        http.host = chance() ? "shop.example.com:8080" : nil
        if chance() {
            http.headers = [ServerCheck.Header("Accept", "text/plain; q=1"), ServerCheck.Header("X-A", "1")]
        }
        if chance() { http.statuses = [200...299, 304...304] }
        if chance() {
            http.body = pick([
                .contains("ok"), .matches("^o.k$"), .sha256([String(repeating: "a1", count: 32)]),
                .md5([String(repeating: "0f", count: 16), String(repeating: "10", count: 16)]),
            ])
        }
        guard http.isTLS else { return http }
        http.serverName = chance() ? "other.example.com" : nil
        http.verifies = chance()
        if chance() { (http.certificate, http.key) = ("/etc/c.pem", "/etc/k.pem") }
        return http
    }

    private mutating func chance() -> Bool { .random(using: &generator) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }
}
