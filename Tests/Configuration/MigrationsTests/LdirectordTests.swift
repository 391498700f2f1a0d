import Configuration
import HealthChecks
import LoadBalancing
import Testing

@testable import Migrations

struct LdirectordTests {
    @Test func `a web site and its mail`() throws {
        let migrated = try Migrated(fixture: "web.cf")
        let web = try migrated.virtualServer("tcp 192.0.2.10:80")
        #expect(web.realServers.map(\.weight) == [5, 5, 5, 2])
        #expect(web.realServers.allSatisfy { $0.forwarding == .direct })
        #expect(web.virtualServer.persistence == Persistence(timeout: 600, granularity: .mask(0xFFFF_FF00)))
        let health = try migrated.health("tcp 192.0.2.10:80")
        var http = ServerCheck.HTTPProbe()
        http.path = "/healthz"
        http.host = "www.example.com"
        http.statuses = [200...299]
        http.body = .contains("ready")
        #expect(
            health.checks == [ServerCheck(.http(http), interval: .seconds(5), timeout: .seconds(4), fall: 1)])
        #expect(health.onFailure == .weightZero)
        #expect(health.backup?.endpoint.description == "127.0.0.1:80")
        http.path = "/own"
        http.body = .contains("fine")
        #expect(health.own[web.realServers[3].endpoint]?.map(\.probe) == [.http(http)])

        let mail = try migrated.virtualServer("tcp 192.0.2.10:25")
        #expect(mail.virtualServer.scheduler.name == "wrr")
        #expect(mail.realServers.map(\.endpoint.port) == [2525, 2525])
        #expect(mail.realServers[1].weight == 7 && mail.realServers[1].upperThreshold == 90)
        let rules = try migrated.health("tcp 192.0.2.10:25")
        #expect(rules.onFailure == .remove && rules.backup?.forwarding == .masquerade)
        #expect(
            rules.checks == [
                ServerCheck(.smtp(helo: "localhost"), interval: .seconds(5), timeout: .seconds(4), fall: 3, port: 2526)
            ])
        #expect(migrated.hasNote(line: 5, "autoreload") && migrated.hasNote(line: 7, "emailalert"))
    }

    @Test func `every kind of check`() throws {
        let migrated = try Migrated(fixture: "kinds.cf")
        let marked = try migrated.health("fwmark 7")
        let command = ["/usr/local/bin/check", "-v", "7", "0"]
        #expect(marked.checks.map(\.probe) == [.command(.init(command + ["198.51.100.1", "80"]))])
        #expect(marked.own.values.map { $0.map(\.probe) } == [[.command(.init(command + ["198.51.100.2", "80"]))]])
        #expect(try migrated.virtualServer("fwmark 7").virtualServer.scheduler.flags == [.flag1, .flag2])

        let six = try migrated.virtualServer("tcp [2001:db8::1]:443")
        #expect(six.virtualServer.persistence?.granularity == .prefix(64))
        #expect(try migrated.health("tcp [2001:db8::1]:443").checks.map(\.probe) == [.tcp(nil)])
        #expect(
            try migrated.health("udp 192.0.2.53:53").checks.map(\.probe)
                == [.dns(.init(name: "www.example.com", answer: "192.0.2.80"))])
        #expect(try migrated.health("tcp 192.0.2.21:21").checks.map(\.probe) == [.tcp(nil)])
        let text = Array("hello".utf8)
        #expect(
            try migrated.health("tcp 192.0.2.21:7").checks.map(\.probe) == [
                .tcp(.init(send: text + [10], expect: text))
            ])
        #expect(try migrated.virtualServer("tcp 192.0.2.21:8").realServers.map(\.weight) == [0])
        for (line, part) in [(1, "supervised"), (25, "login"), (26, "passwd"), (32, "negotiate"), (35, "off")] {
            #expect(migrated.hasNote(line: line, part), "\(line) \(part): \(migrated.noteTexts)")
        }
    }

    @Test(arguments: [
        ("virtual = web:80\n    real = 198.51.100.1:80 gate", "1: virtual is \"web:80\""),
        ("virtual = 192.0.2.1:80\n    real = 198.51.100.1:80 nat", "2: it does not say how it is reached"),
        ("virtual = 192.0.2.1:80\n    real = 198.51.100.9->198.51.100.1:80 gate", "2: real is"),
        ("virtual = 192.0.2.1:80\n    real = 198.51.100.1:80 gate 1 x", "2: x means nothing"),
        ("virtual = 192.0.2.1:80\n    checktype = tcp\n    real = 198.51.100.1:80 gate", "2: checktype is \"tcp\""),
        (
            "virtual = 192.0.2.1:80\n    nonsense = 1\n    real = 198.51.100.1:80 gate",
            "2: there is no directive nonsense"
        ),
        ("checkinterval = 0\nvirtual = 192.0.2.1:80\n    real = 198.51.100.1:80 gate", "1: checkinterval is \"0\""),
        ("    real = 198.51.100.1:80 gate", "1: real is indented"),
        ("virtual = 192.0.2.1:80\n    protocol = fwm\n    real = 198.51.100.1:80 gate", "2: protocol is \"fwm\""),
        ("", "1: it declares no virtual"),
    ])
    func `an error has a line and a remedy`(text: String, expected: String) {
        let errors = errors(of: text, path: "test.cf")
        #expect(errors.contains { $0.hasPrefix(expected) }, "\(errors)")
    }
}
