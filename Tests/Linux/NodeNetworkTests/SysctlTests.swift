import Glibc
import NodeNetwork
import TemporaryFiles
import Testing

@Suite struct SysctlTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The settings of a kernel that has these.
    private func sysctls(_ values: [String: String]) throws -> Sysctls {
        for (key, value) in values { try folder.write(value, to: key) }
        return Sysctls(root: folder.path)
    }

    @Test func valuesAreReadAndWritten() throws {
        let sysctls = try sysctls(["net/ipv4/ip_forward": "0\n", "net/ipv4/ip_local_port_range": "32768\t60999\n"])
        #expect(try sysctls.read("net/ipv4/ip_forward") == "0")
        #expect(try sysctls.read("net/ipv4/ip_local_port_range") == "32768\t60999")
        #expect(try sysctls.read("net/ipv4/vs/conntrack") == nil)
        #expect(try sysctls.read("net/ipv4/ip_forward/deeper") == nil)
        try sysctls.write("net/ipv4/ip_forward", "1")
        #expect(try sysctls.read("net/ipv4/ip_forward") == "1")
    }

    @Test(arguments: ["../secret", "/net", "net//ipv4", "net/./ipv4", "", "net/ipv4/", "a\0b"])
    func keysLeadNowhereElse(_ key: String) throws {
        let sysctls = try sysctls(["net/ipv4/ip_forward": "0\n"])
        #expect(throws: SysctlError(key: key, operation: .read, errno: EINVAL)) { try sysctls.read(key) }
        #expect(throws: SysctlError(key: key, operation: .write("1"), errno: EINVAL)) {
            try sysctls.write(key, "1")
        }
    }

    @Test func whatIsNotThereCannotBeWritten() throws {
        let sysctls = try sysctls(["net/ipv4/ip_forward": "0\n"])
        let error = SysctlError(key: "net/ipv4/vs/conntrack", operation: .write("1"), errno: ENOENT)
        #expect(throws: error) { try sysctls.write("net/ipv4/vs/conntrack", "1") }
        #expect(!error.isReadOnly)
        #expect(error.description == "cannot set net.ipv4.vs.conntrack to 1: No such file or directory")
    }

    @Test(arguments: [EROFS, EACCES, EPERM])
    func readOnlySettingsComeWithTheRemedy(_ code: Int32) {
        let error = SysctlError(key: "net/ipv4/conf/eth0.1/arp_ignore", operation: .write("1"), errno: code)
        #expect(error.isReadOnly)
        #expect(error.description.contains("`sysctl -w net.ipv4.conf.eth0/1.arp_ignore=1`"))
        #expect(error.description.contains("mount /proc/sys writable"))
    }

    @Test func plansChangeOnlyWhatDiffers() throws {
        let sysctls = try sysctls(["a/one": "1\n", "a/two": "0\n", "a/limit": "500\n", "a/low": "5\n"])
        let plan = try SysctlPlan.between(
            wanted: [
                Sysctl("a/one", "1"), Sysctl("a/two", "1"), Sysctl("a/three", "1"), Sysctl("a/limit", "400", .atLeast),
                Sysctl("a/low", "40", .atLeast),
            ], read: sysctls.read)
        #expect(
            plan.changes == [
                SysctlChange(key: "a/two", old: "0", new: "1"), SysctlChange(key: "a/low", old: "5", new: "40"),
            ])
        #expect(plan.missing == ["a/three"])
        #expect(plan.changes.first?.description == "set a.two to 1 (it is 0)")
        #expect(sysctls.apply(plan.changes).isEmpty)
        #expect(try sysctls.read("a/two") == "1")
        #expect(sysctls.apply(plan.changes.map(\.undone)).isEmpty)
        #expect(try sysctls.read("a/two") == "0")
        #expect(try sysctls.read("a/low") == "5")
    }

    @Test func oneRefusalDoesNotStopTheRest() throws {
        let sysctls = try sysctls(["a/two": "0\n"])
        let refused = sysctls.apply([
            SysctlChange(key: "a/gone", old: "0", new: "1"), SysctlChange(key: "a/two", old: "0", new: "1"),
        ])
        #expect(refused == [SysctlError(key: "a/gone", operation: .write("1"), errno: ENOENT)])
        #expect(try sysctls.read("a/two") == "1")
    }
}

@Suite struct SysctlOptionsTests {
    private func wanted(_ options: SysctlOptions = SysctlOptions(), _ release: String = "6.1.0") throws -> [String] {
        let kernel = try #require(KernelVersion(release: release))
        return options.wanted(kernel: kernel).map { "\($0.key)=\($0.value)" }
    }

    private let always = [
        "net/ipv4/vs/conntrack=1", "net/ipv4/vs/expire_nodest_conn=1", "net/ipv4/vs/expire_quiescent_template=1",
    ]

    @Test func aServiceProxyAlwaysNeedsThese() throws {
        #expect(try wanted() == always + ["net/ipv4/ip_forward=1"])
    }

    @Test(arguments: [("4.0", false), ("4.1.3", true), ("4.19.0-6", true), ("5.8.18", true), ("5.9.0", false)])
    func connectionReuseIsForSomeKernels(_ release: String, _ isWanted: Bool) throws {
        #expect(try wanted(SysctlOptions(), release).contains("net/ipv4/vs/conn_reuse_mode=0") == isWanted)
    }

    @Test func optionsAddTheirs() throws {
        let options = SysctlOptions(
            usesIPv6: true, strictARP: true, conntrackMinimum: 131_072, tcpEstablishedTimeout: 86_400,
            tcpCloseWaitTimeout: 3_600)
        #expect(
            try wanted(options) == always + [
                "net/ipv4/ip_forward=1", "net/ipv6/conf/all/forwarding=1", "net/ipv4/conf/all/arp_ignore=1",
                "net/ipv4/conf/all/arp_announce=2", "net/netfilter/nf_conntrack_max=131072",
                "net/netfilter/nf_conntrack_buckets=32768",
                "net/netfilter/nf_conntrack_tcp_timeout_established=86400",
                "net/netfilter/nf_conntrack_tcp_timeout_close_wait=3600",
            ])
    }

    @Test func connectionsThatWereNotSeenBeginningAreServedOnRequest() throws {
        #expect(
            try wanted(SysctlOptions(servesUnseenConnections: true)) == always + [
                "net/ipv4/vs/sloppy_tcp=1", "net/ipv4/vs/sloppy_sctp=1", "net/ipv4/ip_forward=1",
            ])
    }

    @Test func theTableOfConnectionsIsOnlyRaised() throws {
        let options = SysctlOptions(conntrackMinimum: 1_000)
        let kernel = try #require(KernelVersion(release: "6.1"))
        let limit = try #require(options.wanted(kernel: kernel).first { $0.key.hasSuffix("_max") })
        #expect(limit.isSatisfied(by: "2000") && limit.isSatisfied(by: "1000") && !limit.isSatisfied(by: "999"))
    }
}
