// swift-format-ignore-file: NeverForceUnwrap

import Agent
import Foundation
import KubernetesAPI
import LoadBalancing
import ServiceTranslation
import Testing

@testable import HTTPService
@testable import Telemetry

/// What programs that ask a kube-proxy get to hear, held against what a real one answered.
@Suite struct KubeProxyTests {
    private let board = StatusBoard()
    private var health: KubeProxyHealth { KubeProxyHealth(board, now: { WallTime(seconds: 1_795_827_620.958627) }) }

    /// After a first sync.
    private func ready() throws {
        var samples = try Samples()
        board.record(samples.step())
    }

    private static func fixture(_ name: String, file: String = #filePath) throws -> String {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Fixtures")
        return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    /// The text without what is different at each moment.
    private static func timeless(_ text: String) -> String {
        text.replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z/, with: "TIME")
            .replacing(/Date: [^\r\n]+/, with: "DATE").replacing(/Content-Length: \d+/, with: "LENGTH")
            .replacing(/Process-Start-Time-Unix: \d+/, with: "START")
            .replacing("\r\n", with: "\n").trimmingCharacters(in: .newlines)
    }

    /// The head as it goes over the wire, but for the word that no other request may follow.
    private static func head(_ response: HTTPResponse) -> String {
        let text = String(decoding: response.head(now: 1_795_827_620)!, as: UTF8.self)
        #expect(text.contains("\r\nContent-Length: \(response.body.count)\r\nConnection: close\r\n\r\n"))
        return timeless(text.replacing("Connection: close\r\n", with: ""))
    }

    @Test(arguments: [
        ("/healthz", true, "healthz"), ("/healthz", false, "healthz-tainted"), ("/livez", true, "livez"),
        ("/livez", false, "livez-tainted"),
    ])
    func answersAsAKubeProxyDoes(path: String, isEligible: Bool, fixture: String) throws {
        try ready()
        board.update { $0.isNodeEligible = isEligible }
        let response = health.respond(to: HTTPRequest(path: path))
        let body = String(decoding: response.body, as: UTF8.self)
        #expect(Self.timeless(body) == Self.timeless(try Self.fixture("\(fixture).body")))
        #expect(Self.head(response) == Self.timeless(try Self.fixture("\(fixture).headers")))
        // Who is well says so as of now; who is not, since when nothing is known.
        let isNow = body.contains(
            #""lastUpdated":"2026-11-28T01:00:20.958627Z","currentTime":"2026-11-28T01:00:20.9586"#)
        #expect(isNow == (response.status == 200))
    }

    @Test(arguments: [("/healthz", "metrics-healthz"), ("/proxyMode", "proxyMode")])
    func answersAtTheAddressOfMetrics(path: String, fixture: String) throws {
        for own in [nil, board.responder()] {
            let response = KubeProxyMetricsResponder(board, own: own).respond(to: HTTPRequest(path: path))
            #expect(String(decoding: response.body, as: UTF8.self) == (try Self.fixture("\(fixture).body")))
            #expect(Self.head(response) == Self.timeless(try Self.fixture("\(fixture).headers")))
        }
    }

    @Test func theHeadOfMetricsIsTheSame() throws {
        let response = KubeProxyMetricsResponder(board, own: nil).respond(to: HTTPRequest(path: "/metrics"))
        let expected = try Self.fixture("metrics.headers").replacing("Transfer-Encoding: chunked", with: "LENGTH")
        #expect(Self.head(response) == Self.timeless(expected))
    }

    @Test func elsewhereIsNothing() {
        #expect(health.respond(to: HTTPRequest(path: "/metrics")).status == 404)
        let alone = KubeProxyMetricsResponder(board, own: nil)
        #expect(alone.respond(to: HTTPRequest(path: "/status")).status == 404)
        let shared = KubeProxyMetricsResponder(board, own: board.responder())
        #expect(shared.respond(to: HTTPRequest(path: "/readyz")).status == 503)
        #expect(shared.respond(to: HTTPRequest(path: "/status")).status == 200)
    }

    /// A load balancer waits for the first sync; who starts the agent again when it hangs does not.
    @Test func aNodeThatServesNothingYetTakesNoConnections() throws {
        let response = health.respond(to: HTTPRequest(path: "/healthz"))
        #expect(response.status == 503)
        let body = String(decoding: response.body, as: UTF8.self)
        #expect(body.hasPrefix(#"{"lastUpdated":"0001-01-01T00:00:00Z","#))
        #expect(body.hasSuffix(#""nodeEligible":true,"healthy":false,"status":{}}"#))
        #expect(health.respond(to: HTTPRequest(path: "/livez")).status == 200)
        board.update { $0.beat = .now - .seconds(150) }
        #expect(health.respond(to: HTTPRequest(path: "/livez")).status == 503)
    }

    @Test(
        arguments: [
            (1_795_827_620.25, "2026-11-28T01:00:20.25Z"), (1_795_827_620, "2026-11-28T01:00:20Z"),
            (1_795_827_620.000004, "2026-11-28T01:00:20.000004Z"), (0, "1970-01-01T00:00:00Z"),
        ] as [(Double, String)])
    func timesAreWrittenAsGoWritesThem(seconds: Double, text: String) {
        #expect(WallTime(seconds: seconds).goDescription == text)
    }

    // MARK: - Metrics

    private func scrape(_ own: Bool = false) -> String {
        let responder = KubeProxyMetricsResponder(board, own: own ? board.responder() : nil)
        let response = responder.respond(to: HTTPRequest(path: "/metrics"))
        return String(decoding: response.body, as: UTF8.self)
    }

    /// Families of a kube-proxy's that say nothing here: of virtual memory and of the node's whole traffic.
    private static let others: Set<String> = [
        "process_virtual_memory_bytes", "process_virtual_memory_max_bytes", "process_max_fds",
        "process_network_receive_bytes_total", "process_network_transmit_bytes_total",
    ]

    @Test func everyFamilyOfAKubeProxyIsThereWithItsTypeLabelsAndBuckets() throws {
        board.update {
            $0.metrics.kubeProxy.record(
                ["GET", "POST"].map {
                    APIAnswer(
                        host: "127.0.0.1:16443", method: $0, status: $0 == "GET" ? 200 : 201, delay: .seconds(1))
                })
        }
        for found in [scrape(), scrape(true)] {
            let lines = Set(found.split(separator: "\n").map(Self.series))
            for line in try Self.fixture("kube-proxy-metrics.txt").split(separator: "\n") {
                let series = Self.series(line)
                guard !Self.others.contains(where: { series.contains($0) }) else { continue }
                #expect(lines.contains(series), "\(series)")
            }
        }
    }

    /// A line without its value, with its labels sorted.
    private static func series(_ line: Substring) -> String {
        guard !line.hasPrefix("#"), let space = line.lastIndex(of: " ") else { return String(line) }
        let parts = line[..<space].split(separator: "{")
        let labels = parts.count > 1 ? parts[1].dropLast().split(separator: ",").sorted().joined(separator: ",") : ""
        return "\(parts[0]){\(labels)}"
    }

    @Test func changesAreCountedAndPendUntilTheKernelHasThem() {
        var metrics = KubeProxyMetrics()
        let counts = ChangeCounts(services: 3, endpoints: 5)
        metrics.note(counts, [.ipv4], at: WallTime(seconds: 1_000))
        func text(_ metrics: KubeProxyMetrics) -> String {
            var text = Exposition()
            metrics.write(to: &text, answers: { _ in 7 })
            return text.text
        }
        let before = text(metrics)
        for line in [
            "kubeproxy_sync_proxy_rules_endpoint_changes_pending 5",
            "kubeproxy_sync_proxy_rules_service_changes_pending 3",
            "kubeproxy_sync_proxy_rules_endpoint_changes_total 5",
            #"kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv4"} 1000"#,
            #"kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv6"} 0"#,
            #"kubeproxy_proxy_healthz_total{code="503"} 7"#,
        ] {
            #expect(before.contains(line + "\n"), "\(line)")
        }
        // What lies before the start, or is to come, says nothing.
        let triggers = [500, 999.5, 1_000.5, 2_000].map { ChangeTrigger(family: .ipv6, seconds: $0) }
        metrics.settle(counts, triggers, LocalLack(), started: WallTime(seconds: 900), at: WallTime(seconds: 1_001))
        let after = text(metrics)
        for line in [
            "kubeproxy_sync_proxy_rules_endpoint_changes_pending 0",
            "kubeproxy_sync_proxy_rules_service_changes_total 3",
            #"kubeproxy_network_programming_duration_seconds_count{ip_family="IPv6"} 2"#,
            #"kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv6",le="0.5"} 1"#,
            #"kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv6",le="2"} 2"#,
            #"kubeproxy_network_programming_duration_seconds_sum{ip_family="IPv6"} 2"#,
            #"kubeproxy_network_programming_duration_seconds_count{ip_family="IPv4"} 0"#,
        ] {
            #expect(after.contains(line + "\n"), "\(line)")
        }
    }

    @Test func answersAreCountedByTheirStatus() throws {
        try ready()
        _ = health.respond(to: HTTPRequest(path: "/healthz"))
        board.update { $0.isNodeEligible = false }
        for _ in 0..<2 { _ = health.respond(to: HTTPRequest(path: "/healthz")) }
        _ = health.respond(to: HTTPRequest(path: "/livez"))
        let text = scrape()
        #expect(text.contains("kubeproxy_proxy_healthz_total{code=\"200\"} 1\n"))
        #expect(text.contains("kubeproxy_proxy_healthz_total{code=\"503\"} 2\n"))
        #expect(text.contains("kubeproxy_proxy_livez_total{code=\"200\"} 1\n"))
    }

    /// The queries of the kubernetes-mixin's dashboard "Proxy" and of its alerts on a kube-proxy, with the series that
    /// each needs of the scrape. `up` is the scraper's own; goroutines are a Go program's.
    private static let queries: [(query: String, series: String?)] = [
        ("sum(up)", nil), ("absent(up == 1)", nil), ("go_goroutines", nil),
        (
            "sum(rate(kubeproxy_sync_proxy_rules_duration_seconds_count[5m]))",
            "kubeproxy_sync_proxy_rules_duration_seconds_count{"
        ),
        (
            "histogram_quantile(0.99, rate(kubeproxy_sync_proxy_rules_duration_seconds_bucket[5m]))",
            #"kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="+Inf"}"#
        ),
        (
            "sum(rate(kubeproxy_network_programming_duration_seconds_count[5m]))",
            "kubeproxy_network_programming_duration_seconds_count{"
        ),
        (
            "histogram_quantile(0.99, sum(rate(kubeproxy_network_programming_duration_seconds_bucket[5m])) by (le))",
            #"kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="+Inf"}"#
        ),
        (#"sum(rate(rest_client_requests_total{code=~"2.."}[5m]))"#, #"rest_client_requests_total{code="200""#),
        (#"sum(rate(rest_client_requests_total{code=~"3.."}[5m]))"#, "rest_client_requests_total{code="),
        (#"sum(rate(rest_client_requests_total{code=~"4.."}[5m]))"#, "rest_client_requests_total{code="),
        (#"sum(rate(rest_client_requests_total{code=~"5.."}[5m]))"#, "rest_client_requests_total{code="),
        (
            #"histogram_quantile(0.99, rate(rest_client_request_duration_seconds_bucket{verb="POST"}[5m]))"#,
            #"rest_client_request_duration_seconds_bucket{host="127.0.0.1:6443",verb="POST""#
        ),
        (
            #"histogram_quantile(0.99, rate(rest_client_request_duration_seconds_bucket{verb="GET"}[5m]))"#,
            #"rest_client_request_duration_seconds_bucket{host="127.0.0.1:6443",verb="GET""#
        ),
        ("process_resident_memory_bytes", "process_resident_memory_bytes "),
        ("rate(process_cpu_seconds_total[5m])", "process_cpu_seconds_total "),
    ]

    @Test func queriesOfTheMixinFindTheirSeries() {
        board.update {
            $0.metrics.kubeProxy.record(
                ["GET", "POST"].map { APIAnswer(host: "127.0.0.1:6443", method: $0, status: 200, delay: .seconds(1)) })
        }
        for text in [scrape(), scrape(true)] {
            for (query, series) in Self.queries {
                guard let series else { continue }
                #expect(text.split(separator: "\n").contains { $0.hasPrefix(series) }, "\(query)")
            }
        }
    }
}
