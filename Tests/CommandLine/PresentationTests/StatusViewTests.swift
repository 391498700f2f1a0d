import Documents
import Testing

@testable import Presentation

@Suite struct StatusViewTests {
    private static let plain = Terminal(showsColours: false)
    /// 2026-01-31T12:00:00Z.
    private static let noon = 1_769_860_800.0

    private func lines(_ json: String, _ terminal: Terminal = plain) throws -> [String] {
        StatusView(AgentStatus(try Document(json: Array(json.utf8))), now: Self.noon).lines(for: terminal)
    }

    private static let healthy = """
        {"version":"0.2.0","node":"n1","namespace":"1","pid":4711,"started":"2026-01-31T10:57:55.250Z",
         "health":{"status":"ok","ready":true,"checks":[
           {"name":"loop","status":"ok","reason":""},{"name":"files","status":"ok","reason":""}]},
         "sources":[{"name":"files","complete":true,"problem":null,"lists":1,"watches":0,"events":0,"failures":0,
           "lastHeard":"2026-01-31T11:59:18.000Z","unreadable":[]}],
         "sync":{"scope":"verification","last":"2026-01-31T11:59:58.000Z","lastSuccess":"2026-01-31T11:59:58.000Z",
           "seconds":0.0032,"verificationSeconds":30.0},
         "table":{"virtualServers":1,"realServers":2,"foreignVirtualServers":0,"drainingRealServers":0},
         "drains":[],"refused":[],"held":null,"complaints":[],
         "drift":{"policy":"repair","total":0,"latest":[]},
         "changes":{"total":2,"latest":[
           {"number":1,"time":"2026-01-31T11:00:00.001Z","message":"virtual server added",
            "virtualServer":"tcp 192.0.2.1:80","name":"web","detail":"scheduler rr"},
           {"number":2,"time":"2026-01-31T11:00:00.001Z","message":"real server added",
            "virtualServer":"tcp 192.0.2.1:80","name":"web","realServer":"198.51.100.1:80",
            "detail":"masquerade, weight 1"}]}}
        """

    @Test func aHealthyAgentTakesFewLines() throws {
        #expect(
            try lines(Self.healthy) == [
                "ipvsync 0.2.0 on node n1, process 4711, running for 1h2m4s",
                "Health: ok",
                "Last sync: 2s ago (verification); the last good one 2s ago, in 3.2 ms; everything is verified every 30s",
                "Table: 1 virtual server with 2 real servers, 0 draining; 0 foreign virtual servers",
                "",
                "SOURCE  STATE     LISTS  WATCHES  EVENTS  FAILURES  LAST HEARD",
                "files   complete      1        0       0         0  42s ago",
                "",
                "Drift (policy repair): none found",
                "",
                "Changes: 2",
                "  2026-01-31 11:00:00Z  virtual server added  tcp 192.0.2.1:80 (web)                   scheduler rr",
                "  2026-01-31 11:00:00Z  real server added     tcp 192.0.2.1:80 (web)  198.51.100.1:80  masquerade, weight 1",
            ])
    }

    private static let degraded = """
        {"version":"0.2.0","node":"","pid":1,"started":"2026-01-31T11:59:00.000Z",
         "health":{"status":"degraded","ready":false,"checks":[
           {"name":"loop","status":"ok","reason":""},
           {"name":"files","status":"degraded","reason":"web.yaml:3:1: a\\u001b[31mb"},
           {"name":"sources","status":"failed","reason":"services: not read yet"}]},
         "sources":[
           {"name":"services","complete":false,"problem":"503","lists":3,"watches":1,"events":12,"failures":2,
            "lastHeard":null,"unreadable":["default/web: no port","default/dns: no name"]}],
         "sync":{"scope":"everything","last":"2026-01-31T11:59:59.000Z","lastSuccess":null,"seconds":0,
           "verificationSeconds":0},
         "table":{"virtualServers":3,"realServers":1,"foreignVirtualServers":1,"drainingRealServers":21},
         "drains":[{"virtualServer":"tcp 192.0.2.1:80","realServer":"198.51.100.1:80","connections":7,"seconds":61,
           "remainingSeconds":839}],
         "refused":["tcp 192.0.2.1:80: no such scheduler"],
         "held":{"virtualServers":5,"ownedVirtualServers":8,"realServers":1,"ownedRealServers":3},
         "complaints":["Service default/a: conflict","Service default/b: conflict"],
         "drift":{"policy":"report","total":7,"latest":[{"number":7,"time":"2026-01-31T11:59:58.500Z",
           "message":"real server edited","virtualServer":"tcp 192.0.2.1:80","realServer":"198.51.100.1:80",
           "detail":"weight: 5 → 1"}]},
         "changes":{"total":500,"latest":[{"number":500,"time":"soon","message":"timeouts set"}]}}
        """

    @Test func aDegradedAgentTellsOfEverything() throws {
        #expect(
            try lines(Self.degraded) == [
                "ipvsync 0.2.0, process 1, running for 1m",
                "Health: degraded; the table has not been made right yet",
                "  files    degraded  web.yaml:3:1: a\\u{1B}[31mb",
                "  sources  failed    services: not read yet",
                "Last sync: 1s ago (everything); the last good one never",
                "Table: 3 virtual servers with 1 real server, 21 draining; 1 foreign virtual server",
                "",
                "SOURCE    STATE     LISTS  WATCHES  EVENTS  FAILURES  LAST HEARD",
                "services  not read      3        1      12         2  never",
                "          problem: 503",
                "          cannot be read: default/web: no port",
                "          cannot be read: default/dns: no name",
                "",
                "DRAINING          REAL SERVER      CONNECTIONS  FOR   AT MOST FOR",
                "tcp 192.0.2.1:80  198.51.100.1:80            7  1m1s  13m59s more",
                "… and 20 more",
                "",
                "Held back: the removal of 5 of our 8 virtual servers, and of 1 of the 3 real servers of those that "
                    + "stay, looks like a mistake; if it is none, start the agent with --allow-mass-removal",
                "",
                "Refused by the kernel: 1",
                "  tcp 192.0.2.1:80: no such scheduler",
                "",
                "Not as declared: 2",
                "  Service default/a: conflict",
                "  Service default/b: conflict",
                "",
                "Drift (policy report): 7 found; what the latest took, or would take",
                "  2026-01-31 11:59:58Z  real server edited  tcp 192.0.2.1:80  198.51.100.1:80  weight: 5 → 1",
                "",
                "Changes: 500, the latest 1",
                "  soon  timeouts set",
            ])
    }

    @Test(arguments: ["{}", "[]", "null", #"{"health":[],"sources":{},"held":3,"changes":{"latest":[null,7]}}"#])
    func whatIsMissingIsEmpty(_ json: String) throws {
        let status = AgentStatus(try Document(json: Array(json.utf8)))
        #expect(status.state == "unknown" && !status.hasFailed)
        let lines = StatusView(status, now: Self.noon).lines(for: Self.plain)
        #expect(lines.starts(with: ["ipvsync", "Health: unknown", "Last sync: none yet"]))
        #expect(lines.last == "Changes: none")
    }

    @Test func numbersOfAnyKindDoNoHarm() throws {
        let document = try Document(
            json: Array(
                #"{"pid":-1,"table":{"virtualServers":1e300,"realServers":18446744073709551615},"sync":{"last":"x","seconds":1e300,"verificationSeconds":-5}}"#
                    .utf8))
        let status = AgentStatus(document)
        #expect(status.counts.virtualServers == 0 && status.counts.realServers == .max && status.process == nil)
        #expect(StatusView(status, now: Self.noon).lines(for: Self.plain).count > 3)
    }

    @Test func coloursTellHowWellItIs() throws {
        let terminal = Terminal(showsColours: true)
        #expect(try lines(Self.healthy, terminal)[1] == "\u{1B}[32mHealth: ok\u{1B}[0m")
        #expect(try lines(Self.degraded, terminal)[1].hasPrefix("\u{1B}[33mHealth: degraded"))
        #expect(try lines(Self.degraded, terminal)[3].hasPrefix("\u{1B}[31m  sources"))
    }

    @Test func theDocumentIsTheAgents() throws {
        let document = try Document(json: Array(Self.degraded.utf8))
        #expect(StatusView(AgentStatus(document), now: 0).document == document)
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T23:59:59.500Z", 951_868_799.5),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("2026-01-31T12:00:00.000Z", 1_769_860_800), ("2026-01-31 12:00:00Z", nil), ("2026-13-31T12:00:00Z", nil),
            ("2026-01-31T12:00:00.Z", nil), ("2026-01-31T12:00:0aZ", nil), ("", nil), ("Z", nil),
        ] as [(String, Double?)])
    func timesAreRead(_ text: String, _ seconds: Double?) {
        if let seconds {
            #expect(TimeText.seconds(text).map { abs($0 - seconds) < 0.001 } == true)
        } else {
            #expect(TimeText.seconds(text) == nil || text.hasSuffix(".Z"))
        }
    }
}
