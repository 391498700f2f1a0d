import NodeNetwork
import Testing

@testable import Agent
@testable import Telemetry

@Suite struct NetworkMetricsTests {
    @Test func whatIsOnlyToldOfIsNoChange() {
        var report = DataPathReport()
        report.plan.sysctls = [SysctlChange(key: "net/ipv4/ip_forward", old: "0", new: "1")]
        var metrics = NetworkMetrics()
        metrics.record(report, scope: .verification)
        report.isPreview = true
        metrics.record(report, scope: .verification)
        var text = Exposition()
        metrics.write(to: &text)
        #expect(text.text.contains("ipvsync_network_changes_total{part=\"sysctls\"} 1\n"))
        #expect(text.text.contains("ipvsync_network_drift_total 2\n"))
    }
}
