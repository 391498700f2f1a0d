import Glibc

/// The kernel that the scenarios need.
enum Kernel {
    /// Fails unless this is root on a kernel with IPVS: a scenario that cannot run has not passed.
    static func require() throws(ScenarioFailure) {
        guard geteuid() == 0 else {
            throw ScenarioFailure("the scenarios need root: run them by scripts/in-kernel")
        }
        if !hasIPVS {
            _ = try Command(["modprobe", "ip_vs"]).run()
        }
        guard hasIPVS else {
            throw ScenarioFailure("this kernel has no IPVS: run the scenarios by scripts/in-kernel")
        }
    }

    private static var hasIPVS: Bool { access("/proc/net/ip_vs", R_OK) == 0 }
}
