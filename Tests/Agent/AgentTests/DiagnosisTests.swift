// swift-format-ignore-file: NeverForceUnwrap

import Glibc
import Netlink
import NodeNetwork
import TemporaryFiles
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
            devices: ["lo"],
            dataPath: HostDataPath(
                nft: "/usr/sbin/nft", hasNFTables: true, canChangeSettings: true, device: .missing,
                tracksConnections: true))
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

    /// Kernels to come have more settings: what there is tells, and no version.
    @Test func whatAKernelTellsOfItsTables() throws {
        let folder = try TemporaryFolder()
        for (path, text) in [
            ("proc/sys/net/ipv4/vs/conn_lfactor", "-4\n"), ("proc/sys/net/ipv4/vs/est_cpulist", "0-3\n"),
            ("proc/sys/net/ipv4/vs/conn_max", "8388608\n"), ("proc/net/ip_vs_status", "Conns:\t7\n"),
            ("proc/net/ip_vs", "IP Virtual Server version 1.2.1 (size=262144)\nProt LocalAddress:Port\n"),
        ] {
            var parent = folder.path
            for part in path.split(separator: "/").dropLast() {
                parent += "/\(part)"
                mkdir(parent, 0o700)
            }
            let file = try #require(fopen(folder.file(path), "w"))
            fputs(text, file)
            fclose(file)
        }
        var newer = host
        newer.tables = TableSettings.current(root: folder.path)
        #expect(finding("size of the connection table", newer)?.detail == "262144 rows")
        #expect(finding("net.ipv4.vs.conn_lfactor", newer)?.detail.hasPrefix("-4: ") == true)
        #expect(finding("net.ipv4.vs.conn_max", newer)?.detail.hasPrefix("8388608: ") == true)
        #expect(finding("net.ipv4.vs.est_cpulist", newer)?.detail.hasPrefix("0-3: ") == true)
        #expect(finding("/proc/net/ip_vs_status", newer)?.severity == .ok)
        #expect(finding("net.ipv4.vs.est_nice", newer) == nil && finding("net.ipv4.vs.svc_lfactor", newer) == nil)
        #expect(TableSettings.current(root: "/nowhere").isEmpty)
    }

    @Test func everyComplaintHasItsRemedy() {
        var unfit = host
        unfit.capabilities = 0
        unfit.sysctls["net.ipv4.vs.conntrack"] = "0"
        unfit.dataPath = HostDataPath(
            nft: nil, hasNFTables: false, canChangeSettings: false, device: .foreign, tracksConnections: false,
            leftovers: ["device kube-ipvs0"])
        unfit.installedModules = nil
        let missing = NetlinkError(.familyMissing, operation: "resolve")
        let findings = Diagnosis.examine(unfit, ipvs: .failure(missing))
        #expect(findings.filter { $0.severity != .ok }.allSatisfy { $0.remedy != nil })
        #expect(findings.filter { $0.severity == .failure }.map(\.subject) == ["capability", "IPVS"])
        #expect(finding("net.ipv4.vs.conntrack", unfit)?.remedy == "sysctl -w net.ipv4.vs.conntrack=1")
        for subject in ["nft", "nf_tables", "/proc/sys", "device ipvsync0", "conntrack", "kube-proxy"] {
            #expect(finding(subject, unfit)?.severity == .warning, "\(subject)")
        }
    }

    @Test func theDataPathOfAFitMachine() {
        var fit = host
        for (device, detail) in [(VIPDevice.missing, "the name is free"), (.ours(isUp: false), "ours")] {
            fit.dataPath.device = device
            #expect(finding("device ipvsync0", fit) == Finding("device ipvsync0", .ok, detail))
        }
        #expect(finding("nft", fit) == Finding("nft", .ok, "/usr/sbin/nft"))
        #expect(["nf_tables", "/proc/sys", "conntrack"].allSatisfy { finding($0, fit)?.severity == .ok })
        fit.dataPath.tracksConnections = false
        fit.installedModules?.insert("nf_conntrack")
        #expect(finding("conntrack", fit)?.detail == "loaded when first used")
        fit.dataPath.device = nil
        #expect(finding("device ipvsync0", fit)?.severity == .warning)
    }

    @Test func kubeProxyIsToBeStoppedOrTakenOverFrom() {
        var beside = host
        #expect(finding("kube-proxy", beside) == nil)
        beside.dataPath.leftovers = ["ipset KUBE-CLUSTER-IP", "device kube-ipvs0"]
        #expect(finding("kube-proxy", beside)?.detail == "has left ipset KUBE-CLUSTER-IP; device kube-ipvs0")
        #expect(finding("kube-proxy", beside)?.remedy?.hasPrefix("run ipvsync takeover") == true)
        beside.dataPath.proxies = [77]
        #expect(finding("kube-proxy", beside)?.detail.hasPrefix("runs (process 77)") == true)
        #expect(finding("kube-proxy", beside)?.remedy?.hasPrefix("stop it") == true)
    }

    @Test func anotherProgramOnTheSameTableIsNamed() {
        var beside = host
        #expect(finding("keepalived", beside) == nil)
        beside.dataPath.neighbours = [TableNeighbour("keepalived", processes: [7])]
        #expect(finding("keepalived", beside)?.severity == .warning)
        #expect(finding("keepalived", beside)?.detail.hasPrefix("keepalived (process 7) runs") == true)
        #expect(finding("keepalived", beside)?.remedy != nil)
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
