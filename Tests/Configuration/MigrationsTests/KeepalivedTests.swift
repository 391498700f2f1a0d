import Configuration
import HealthChecks
import LoadBalancing
import Testing

@testable import Migrations

/// The configurations of Fixtures, each of which keepalived itself takes.
struct KeepalivedTests {
    @Test(arguments: Migrated.keepalived + Migrated.ldirectord)
    func `what it becomes reads back`(name: String) throws {
        let migrated = try Migrated(fixture: name).configuration
        let read = try Configuration.parse(migrated.yaml(), file: "ipvsync.yaml")
        #expect(read.desired == migrated.desired)
        #expect(read.health == migrated.health)
    }

    @Test func `real servers keep weights, ports and checks`() throws {
        let migrated = try Migrated(fixture: "nat.conf")
        let server = try migrated.virtualServer("tcp 192.0.2.10:80")
        #expect(server.virtualServer.scheduler == Scheduler("wrr"))
        #expect(server.realServers.map(\.weight) == [3, 1])
        #expect(server.realServers.map(\.endpoint.port) == [8080, 8080])
        let health = try migrated.health("tcp 192.0.2.10:80")
        let check = ServerCheck(
            .tcp(nil), interval: .seconds(6), timeout: .seconds(3), retryDelay: .seconds(2), fall: 3)
        #expect(health == HealthRules(checks: [check], onFailure: .remove))
        #expect(migrated.notes.isEmpty)
    }

    @Test func `VRRP is left to keepalived, each block named once`() throws {
        let migrated = try Migrated(fixture: "vrrp.conf")
        #expect(migrated.hasNote(line: 2, "global_defs"))
        #expect(migrated.hasNote(line: 8, "syncDaemons"))
        #expect(migrated.hasNote(line: 11, "vrrp_script is left"))
        #expect(migrated.hasNote(line: 15, "vrrp_instance is left"))
        #expect(migrated.notes.count == 4, "\(migrated.noteTexts)")
        #expect(migrated.configuration.desired.timeouts == ConnectionTimeouts(tcp: 7200, tcpFin: 60, udp: 120))
        let server = try migrated.virtualServer("tcp 192.0.2.10:443")
        #expect(server.virtualServer.persistence?.timeout == 360)
        #expect(server.realServers.map(\.forwarding) == [.direct, .direct])
        let health = try migrated.health("tcp 192.0.2.10:443")
        #expect(health.own[Endpoint(try #require(IPAddress("198.51.100.2")), port: 443)] == [])
        var http = ServerCheck.HTTPProbe()
        http.isTLS = true
        http.path = "/healthz"
        http.statuses = [200...200]
        #expect(
            health.checks == [
                ServerCheck(
                    .http(http), interval: .seconds(60), timeout: .seconds(4), retryDelay: .seconds(3), fall: 2)
            ])
    }

    @Test func `each url is a check`() throws {
        let checks = try Migrated(fixture: "http.conf").health("tcp 192.0.2.20:80").checks
        let probes = checks.compactMap { check -> ServerCheck.HTTPProbe? in
            if case .http(let http) = check.probe { http } else { nil }
        }
        #expect(probes.map(\.path) == ["/a?b=c", "/b", "/c"])
        #expect(probes.map(\.host) == ["one.example.com", "two.example.com", "one.example.com"])
        #expect(probes.map(\.statuses) == [[200...299], [200...299, 404...404], [200...299]])
        #expect(
            probes.map(\.body) == [
                .md5(["9b3a0c85a887a256d6939da88aabd8cd"]), nil, .matches("ready: (yes|true)"),
            ])
        #expect(checks.allSatisfy { $0.fall == 1 && $0.timeout == .milliseconds(2500) && $0.retryDelay == nil })
    }

    @Test func `quorum, sorry server and modes`() throws {
        let migrated = try Migrated(fixture: "sorry.conf")
        let health = try migrated.health("tcp 192.0.2.30:25")
        #expect(health.quorum == 5 && health.hysteresis == 1)
        #expect(health.startsDown && health.drainsAtEnd && health.onFailure == .weightZero)
        let sorry = Endpoint(try #require(IPAddress("203.0.113.9")), port: 25)
        #expect(health.backup == RealServer(sorry, forwarding: .masquerade))
        let first = try migrated.virtualServer("tcp 192.0.2.30:25").realServers[0]
        #expect(first.forwarding == .tunnel(.ipip) && first.upperThreshold == 500 && first.lowerThreshold == 100)
        for (line, hook) in [(13, "quorum_up"), (14, "quorum_down"), (19, "notify_down")] {
            #expect(migrated.hasNote(line: line, hook))
        }
        #expect(health.checks.map(\.probe) == [.smtp(helo: "lb.example.com")])
    }

    @Test func `checks of DNS and ping have their own defaults`() throws {
        let migrated = try Migrated(fixture: "dns6.conf")
        let server = try migrated.virtualServer("udp [2001:db8::53]:53")
        #expect(server.virtualServer.onePacket)
        let health = try migrated.health("udp [2001:db8::53]:53")
        #expect(health.checks.map(\.probe) == [.dns(.init(name: "www.example.com", type: "AAAA"))])
        #expect(health.checks.map(\.fall) == [2])
        let other = try #require(health.own[server.realServers[1].endpoint])
        #expect(other.map(\.probe) == [.dns(.init(name: ".", type: "SOA")), .ping])
        #expect(other.map(\.fall) == [4, 5])
        #expect(other.map(\.retryDelay) == [nil, .seconds(1)])
    }

    @Test func `firewall marks take their family from their real servers`() throws {
        let migrated = try Migrated(fixture: "fwmark.conf")
        let marked = try migrated.virtualServer("fwmark 7")
        #expect(marked.virtualServer.scheduler == Scheduler("sh", flags: [.flag1, .flag2]))
        #expect(marked.virtualServer.persistence == Persistence(timeout: 600, granularity: .mask(0xFFFF_FF00)))
        #expect(marked.realServers.map(\.endpoint.port) == [0, 0])
        #expect(try migrated.health("fwmark 7").checks.map(\.port) == [80])
        let other = try migrated.virtualServer("fwmark 8 ipv6")
        #expect(other.virtualServer.persistence == Persistence(timeout: 360, granularity: .prefix(64)))
    }

    @Test func `a group becomes a virtual server for each member`() throws {
        let migrated = try Migrated(fixture: "group.conf").configuration
        #expect(
            migrated.desired.virtualServers.map(\.key.description) == [
                "tcp 192.0.2.40:80", "tcp 192.0.2.50:8080", "tcp 192.0.2.51:8080", "tcp 192.0.2.52:8080",
                "tcp 192.0.2.53:8080", "tcp 192.0.2.64:81", "tcp 192.0.2.65:81", "tcp 192.0.2.66:81",
                "tcp 192.0.2.67:81", "tcp 192.0.2.254:80", "tcp 192.0.2.255:80", "tcp 192.0.3.0:80",
                "tcp 192.0.3.1:80", "fwmark 12",
            ])
        #expect(migrated.health.count == 14)
    }

    @Test func `a program keeps its arguments without a shell`() throws {
        let migrated = try Migrated(fixture: "misc.conf")
        let health = try migrated.health("tcp 192.0.2.60:3306")
        let arguments = ["/bin/echo", "--host", "198.51.100.1", "two words", "\"x\""]
        #expect(
            health.checks == [
                ServerCheck(
                    .command(.init(arguments, isDynamic: true, user: "nobody")), interval: .seconds(10),
                    timeout: .seconds(5), fall: 1)
            ])
        let other = try #require(health.own.first?.value.first)
        #expect(other.probe == .command(.init(["/bin/true"])) && other.timeout == .seconds(10))
    }

    @Test func `lines are read for the machine that is named`() throws {
        let second = try Migrated(fixture: "conditional.conf").virtualServer("tcp 192.0.2.70:80")
        #expect(second.virtualServer.scheduler.name == "wrr")
        #expect(second.realServers.map(\.weight) == [5, 9])
        let first = try Migrated(fixture: "conditional.conf", configID: "lb1").virtualServer("tcp 192.0.2.70:80")
        #expect(first.virtualServer.scheduler.name == "rr")
        #expect(first.realServers.map(\.weight) == [3])
    }

    @Test func `definitions are filled in where they are used`() throws {
        let server = try Migrated(fixture: "definitions.conf").virtualServer("tcp 192.0.2.80:80")
        #expect(server.realServers.map(\.endpoint.description) == ["198.51.100.1:80", "198.51.100.2:80"])
        #expect(server.realServers.map(\.weight) == [1, 2])
    }

    @Test func `included files are read from their own directory`() throws {
        let migrated = try Migrated(fixture: "include.conf")
        #expect(migrated.configuration.desired.virtualServers.map(\.realServers.count) == [1, 1])
        #expect(migrated.hasNote(line: 2, "conf.d/none"))
        #expect(migrated.configuration.places.values.map(\.file).allSatisfy { $0.contains("conf.d/") })
    }

    @Test func `braces may stand anywhere`() throws {
        let migrated = try Migrated(fixture: "braces.conf")
        #expect(try migrated.virtualServer("tcp 192.0.2.100:80").realServers.map(\.weight) == [7, 1])
        #expect(try migrated.health("tcp 192.0.2.100:80").own.values.map(\.count) == [1])
    }

    @Test func `tunnels of every kind`() throws {
        let server = try Migrated(fixture: "tunnels.conf").virtualServer("tcp 192.0.2.110:80")
        #expect(server.virtualServer.scheduler == Scheduler("mh", flags: [.flag1, .flag2]))
        #expect(
            server.realServers.map(\.forwarding) == [
                .tunnel(.gue(port: 6080, checksum: .full)), .tunnel(.gre(checksum: .none)), .direct, .tunnel(.ipip),
            ])
    }

    @Test func `UDP checks and connection options`() throws {
        let migrated = try Migrated(fixture: "udp.conf")
        #expect(try migrated.virtualServer("udp 192.0.2.120:5060").virtualServer.engine == "sip")
        let health = try migrated.health("udp 192.0.2.120:5060")
        #expect(health.checks.map(\.probe) == [.udp(.init(send: [10, 11, 1, 255], expect: [1, 2]))])
        #expect(health.checks.map(\.source) == [IPAddress("198.51.100.200")])
        let other = try #require(health.own.first?.value.first)
        #expect(other.address == IPAddress("198.51.100.3") && other.port == 5061 && other.mark == 33)
    }

    @Test func `what is not said is as keepalived has it`() throws {
        let migrated = try Migrated(fixture: "defaults.conf")
        let server = try migrated.virtualServer("udp 192.0.2.130:0")
        #expect(server.virtualServer.scheduler.name == "wlc")
        #expect(server.virtualServer.persistence?.timeout == 360)
        #expect(server.realServers.map(\.forwarding) == [.masquerade])
        #expect(migrated.configuration.health.isEmpty)
        #expect(migrated.notes.count == 3, "\(migrated.noteTexts)")
    }

    @Test func `what does not carry over is named with its line`() throws {
        let migrated = try Migrated(fixture: "sctp.conf")
        for (line, part) in [
            (1, "track_file is left"), (12, "warmup"), (16, "smtp_alert"), (17, "ha_suspend"),
            (21, "FILE_CHECK"), (25, "the timeout is 1 h"),
        ] {
            #expect(migrated.hasNote(line: line, part), "\(line) \(part): \(migrated.noteTexts)")
        }
        let health = try migrated.health("sctp 192.0.2.140:3868")
        #expect(health.onFailure == .weightZero)
        #expect(health.checks.map(\.fall) == [5, 5])
        #expect(health.checks.map(\.timeout) == [.seconds(3_600), .seconds(3_600)])
        #expect(health.checks.map(\.retryDelay) == [.milliseconds(250), .milliseconds(250)])
        guard case .http(let http) = health.checks[1].probe else { throw Unexpected() }
        #expect(http.serverName == "diameter.example.com" && http.certificate == "/etc/ssl/lb.pem")
    }

    private struct Unexpected: Error {}
}
