// swift-format-ignore-file: NeverForceUnwrap

import Agent
import Documents
import Foundation
import HTTPService
import KubernetesObjects
import LoadBalancing
import Reconcile
import ServiceTranslation
import TestSupport
import Testing

@testable import Telemetry

@Suite struct TelemetryResponderTests {
    private let board = StatusBoard()

    private func metrics(_ responder: TelemetryResponder? = nil) -> [String: String] {
        let text = (responder ?? board.responder()).text("/metrics")
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.reduce(into: [:]) { found, line in
            let space = line.lastIndex(of: " ")!
            found[String(line[..<space])] = String(line[line.index(after: space)...])
        }
    }

    @Test func countsWhatAStepDid() throws {
        var samples = try Samples()
        board.record(samples.step())
        var found = metrics()
        #expect(found[#"ipvsync_syncs_total{scope="everything",result="success"}"#] == "1")
        #expect(found[#"ipvsync_operations_total{object="virtual_server",kind="add",result="made"}"#] == "1")
        #expect(found[#"ipvsync_operations_total{object="real_server",kind="add",result="made"}"#] == "1")
        #expect(found[#"ipvsync_virtual_servers{owner="ipvsync"}"#] == "1")
        #expect(found[#"ipvsync_real_servers{owner="ipvsync"}"#] == "1")
        #expect(found[#"ipvsync_sync_duration_seconds_count{phase="total"}"#] == "1")
        samples.source.servers[0].realServers.append(RealServer(Samples.new))
        board.record(samples.step(changing: [Samples.web]))
        found = metrics()
        #expect(found[#"ipvsync_syncs_total{scope="changes",result="success"}"#] == "1")
        #expect(found[#"ipvsync_real_servers{owner="ipvsync"}"#] == "2")
        #expect(found["ipvsync_event_delay_seconds_count"] == "1")
    }

    @Test func theLoopsTurnsAreCounted() {
        for milliseconds in [3, 700, 20] { board.update { $0.metrics.record(turn: .milliseconds(milliseconds)) } }
        let found = metrics()
        #expect(found["ipvsync_loop_turn_seconds_count"] == "3")
        #expect(found[#"ipvsync_loop_turn_seconds_bucket{le="0.025"}"#] == "2")
        #expect(found["ipvsync_loop_turn_seconds_max"] == "0.7")
    }

    @Test func countsDriftAndForeignVirtualServers() throws {
        var samples = try Samples()
        board.record(samples.step())
        board.record(samples.step())
        let foreign = VirtualServerKey("udp 203.0.113.1:53")!
        _ = try samples.kernel.apply([.addVirtualServer(VirtualServer(foreign)), .removeVirtualServer(Samples.web)])
        board.record(samples.step())
        let found = metrics()
        #expect(found[#"ipvsync_drift_total{kind="virtual_server_missing"}"#] == "1")
        #expect(found[#"ipvsync_drift_total{kind="real_server_missing"}"#] == "0")
        #expect(found[#"ipvsync_virtual_servers{owner="foreign"}"#] == "1")
        #expect(found[#"ipvsync_syncs_total{scope="verification",result="success"}"#] == "2")
        #expect(board.responder().text("/status").contains(#""message": "virtual server added""#))
    }

    @Test func refusalsAreCountedAndDegrade() throws {
        var samples = try Samples()
        samples.kernel.refusals[.addVirtualServer(samples.source.servers[0].virtualServer)] = 12
        let step = samples.step()
        board.record(step, refused: samples.refused)
        let found = metrics()
        #expect(found[#"ipvsync_operations_total{object="virtual_server",kind="add",result="refused"}"#] == "1")
        #expect(found[#"ipvsync_syncs_total{scope="everything",result="refused"}"#] == "1")
        #expect(found["ipvsync_refused_changes"] == "1")
        #expect(found[#"ipvsync_health{check="kernel",state="degraded"}"#] == "1")
        #expect(board.responder().status("/healthz") == 200)
        #expect(board.responder().text("/healthz").contains("tcp 192.0.2.1:80"))
        samples.kernel.refusals = [:]
        board.record(samples.step(), refused: samples.refused)
        #expect(metrics()["ipvsync_refused_changes"] == "0")
    }

    @Test func drainsAreListedWithTheirClocks() throws {
        var samples = try Samples()
        board.record(samples.step())
        samples.kernel.setConnections(ConnectionCounts(active: 2, inactive: 1), of: Samples.old, in: Samples.web)
        samples.source.servers[0].realServers = [RealServer(Samples.new)]
        board.record(samples.step(changing: [Samples.web]), drains: samples.drains)
        #expect(metrics()["ipvsync_draining_real_servers"] == "1")
        let status = try YAMLNode.documents(in: board.responder().text("/status")).first!
        let drain = try #require(status["drains"]?.sequence?.first)
        #expect(drain["realServer"]?.scalar?.text == "198.51.100.1:8080" && drain["connections"]?.scalar?.text == "3")
        #expect(drain["seconds"]?.scalar?.text == "10" && drain["remainingSeconds"]?.scalar?.text == "50")
    }

    @Test func changesAreNumberedAndComeAfterANumber() throws {
        var samples = try Samples()
        board.record(samples.step())
        samples.source.servers[0].realServers.append(RealServer(Samples.new))
        board.record(samples.step(changing: [Samples.web]))
        let responder = board.responder()
        let all = try YAMLNode.documents(in: responder.text("/status")).first?["changes"]
        #expect(all?["total"]?.scalar?.text == "3" && all?["latest"]?.sequence?.count == 3)
        let late = try YAMLNode.documents(in: responder.text("/status", ["after": "2"])).first?["changes"]?["latest"]
        #expect(late?.sequence?.map { $0["message"]?.scalar?.text } == ["real server added"])
        #expect(late?.sequence?.first?["name"]?.scalar?.text == "shop/web:http")
    }

    @Test func singleServersAreToldOfUpToALimit() throws {
        var samples = try Samples()
        board.record(samples.step())
        var observed = samples.kernel.readState(statistics: false)
        var statistics = TrafficStatistics()
        statistics.connections = 5_000_000_000
        statistics.inboundBytes = 7
        observed.virtualServers[0].statistics = statistics
        observed.virtualServers.append(ObservedVirtualServer(VirtualServer(VirtualServerKey("udp 203.0.113.1:53")!)))
        let figures = TrafficMetrics(observed.virtualServers, owned: try samples.ledger().virtualServers)
        let found = metrics(board.responder(trafficLimit: 1) { figures })
        let labels = #"virtual_server="tcp 192.0.2.1:80",namespace="shop",service="web",port="http""#
        #expect(found["ipvsync_virtual_server_connections_total{\(labels)}"] == "5000000000")
        #expect(found["ipvsync_virtual_server_bytes_total{\(labels),direction=\"in\"}"] == "7")
        #expect(found["ipvsync_real_server_weight{\(labels),real_server=\"198.51.100.1:8080\"}"] == "1")
        #expect(found["ipvsync_traffic_metrics_enabled"] == "1")
        #expect(!found.keys.contains { $0.contains("203.0.113.1") })
        samples.source.servers[0].realServers.append(RealServer(Samples.new))
        board.record(samples.step(changing: [Samples.web]))
        let limited = metrics(board.responder(trafficLimit: 1) { figures })
        #expect(limited["ipvsync_traffic_metrics_enabled"] == "0" && limited["ipvsync_traffic_metrics_limit"] == "1")
        #expect(!limited.keys.contains { $0.hasPrefix("ipvsync_virtual_server_connections") })
    }

    @Test func virtualServersHaveTheLabelsOfNodeExporter() throws {
        var samples = try Samples()
        let six = VirtualServerKey("udp [2001:db8::1]:53")!
        let mark = VirtualServerKey.firewallMark(0xAB, .ipv4)
        samples.source.servers += [
            DesiredVirtualServer(VirtualServer(six), realServers: [], name: "dns"),
            DesiredVirtualServer(VirtualServer(mark), realServers: []),
        ]
        guard case .success(let report) = samples.step().result else {
            Issue.record("no report")
            return
        }
        board.takeOwned(report)
        let found = metrics()
        for labels in [
            #"local_address="192.0.2.1",local_port="80",proto="TCP",local_mark="",namespace="shop",service="web",port="http""#,
            #"local_address="2001:db8::1",local_port="53",proto="UDP",local_mark="",namespace="",service="dns",port="""#,
            #"local_address="",local_port="0",proto="FWM",local_mark="000000AB",namespace="",service="",port="""#,
        ] {
            #expect(found["ipvsync_virtual_server_info{\(labels)}"] == "1", "\(labels)")
        }
        #expect(found["ipvsync_virtual_server_info_enabled"] == "1")
    }

    @Test func manyVirtualServersAreNotNamed() {
        var text = Exposition()
        VirtualServerInfo.write(to: &text, nil)
        #expect(text.text.contains("ipvsync_virtual_server_info_enabled 0\n") && !text.text.contains("local_address"))
    }

    @Test func openMetricsAreForThoseWhoAskForThem() {
        let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
        let request = HTTPRequest(path: "/metrics", accept: accept)
        let response = board.responder().respond(to: request)
        #expect(response.headers.first?.value == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(String(decoding: response.body, as: UTF8.self).hasSuffix("\n# EOF\n"))
        #expect(TelemetryResponder.slowKey(request) != TelemetryResponder.slowKey(HTTPRequest(path: "/metrics")))
    }

    @Test func warningsOnServicesAreShownAndCountedByReason() {
        let web = ObjectName(namespace: "shop", name: "web")
        board.update {
            $0.warnings = [
                TranslationWarning(web, reason: .address, "external IP 127.0.0.1 is loopback"),
                TranslationWarning(web, reason: .address, "external IP 224.0.0.1 is multicast"),
                TranslationWarning(web, "no number"),
            ]
            // More than are shown.
            $0.warningCounts = WarningCounts($0.warnings) + WarningCounts($0.warnings)
        }
        let found = metrics()
        #expect(found[#"ipvsync_service_warnings{reason="address"}"#] == "4")
        #expect(found[#"ipvsync_service_warnings{reason="value"}"#] == "2")
        #expect(found[#"ipvsync_service_warnings{reason="endpoint"}"#] == "0")
        #expect(board.responder().text("/status").contains("Service shop/web: external IP 127.0.0.1 is loopback"))
        board.update { $0.warningCounts = WarningCounts() }
        #expect(metrics()[#"ipvsync_service_warnings{reason="address"}"#] == "0")
    }

    @Test func unknownPathsAreNotFound() {
        #expect(board.responder().status("/nothing") == 404)
        #expect(board.responder().status("/") == 200)
    }

    /// Alerts and dashboard speak of metrics that there are.
    @Test(arguments: ["alerts.yaml", "dashboard.json"]) func deploymentNamesWhatIsServed(_ file: String) throws {
        var samples = try Samples()
        board.update { $0.sources = [SourceStatus(name: "services")] }
        board.record(samples.step())
        let figures = TrafficMetrics(
            samples.kernel.readState(statistics: false).virtualServers,
            owned: try samples.ledger().virtualServers)
        let served = Set(metrics(board.responder { figures }).keys.map { String($0.prefix { $0 != "{" }) })
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let text = try String(contentsOfFile: "/\(root)/scripts/deploy/\(file)", encoding: .utf8)
        let named = text.matches(of: /(ipvsync|process)_[a-z_]+[a-z]/).map { String($0.output.0) }
        #expect(named.count >= 8)
        for name in Set(named) {
            #expect(served.contains(name) || served.contains(name + "_bucket"), "\(name) is not served")
        }
    }
}
