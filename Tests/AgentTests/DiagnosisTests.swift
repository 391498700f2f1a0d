import Netlink
import NodeNetwork
import Testing

@testable import Agent

@Suite struct DiagnosisTests {
    private var host: Host {
        let kernel = KernelVersion(release: "6.1.0-56-amd64")
        let advice = kernel.map(SysctlAdvice.all(for:)) ?? []
        return Host(
            kernel: kernel, capabilities: 1 << 12, loadedModules: ["ip_vs", "ip_vs_rr"],
            installedModules: ["ip_vs_wrr"],
            sysctls: Dictionary(uniqueKeysWithValues: advice.map { ($0.name, $0.value) }),
            devices: ["lo"])
    }

    private func finding(
        _ subject: String, _ host: Host, _ ipvs: Result<String, NetlinkError> = .success("1.2.1")
    ) -> Finding? {
        Diagnosis.examine(host, ipvs: ipvs).first { $0.subject == subject }
    }

    @Test func aFitMachineHasNoFailures() {
        let findings = Diagnosis.examine(host, ipvs: .success("1.2.1"))
        #expect(!findings.contains { $0.severity == .failure })
        #expect(finding("scheduler rr", host)?.detail == "loaded")
        #expect(finding("scheduler wrr", host)?.severity == .ok)
        #expect(finding("scheduler mh", host)?.severity == .warning)
    }

    @Test func everyComplaintHasItsRemedy() {
        var unfit = host
        unfit.capabilities = 0
        unfit.sysctls["net.ipv4.vs.conntrack"] = "0"
        unfit.devices = ["lo", "kube-ipvs0"]
        unfit.installedModules = nil
        let missing = NetlinkError(.familyMissing, operation: "resolve")
        let findings = Diagnosis.examine(unfit, ipvs: .failure(missing))
        #expect(findings.filter { $0.severity != .ok }.allSatisfy { $0.remedy != nil })
        #expect(findings.filter { $0.severity == .failure }.map(\.subject) == ["capability", "IPVS"])
        #expect(finding("net.ipv4.vs.conntrack", unfit)?.remedy == "sysctl -w net.ipv4.vs.conntrack=1")
        #expect(finding("kube-proxy", unfit)?.severity == .warning)
    }

    @Test func connReuseModeIsAdvisedOnlyWhereItHurts() {
        func advises(_ release: String) -> Bool {
            KernelVersion(release: release).map(SysctlAdvice.all(for:))?.contains {
                $0.name.hasSuffix("conn_reuse_mode")
            } ?? false
        }
        #expect(["4.1.0", "4.19.2", "5.8.1"].allSatisfy(advises))
        #expect(!["4.0.9", "5.9.0", "6.1.0"].contains(where: advises))
    }
}
