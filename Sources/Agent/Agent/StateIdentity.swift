internal import Glibc
internal import Netlink

/// Which boot and which network namespace a ledger speaks of.
package struct StateIdentity: Hashable, Sendable {
    /// `/proc/sys/kernel/random/boot_id`.
    package let boot: String
    /// A number that no other namespace of this boot has had.
    package let namespace: String

    package init(boot: String, namespace: String) {
        self.boot = boot
        self.namespace = namespace
    }

    /// The boot and namespace of this process.
    package static func current() throws(StateError) -> StateIdentity {
        guard let boot = ProcFile.read("/proc/sys/kernel/random/boot_id")?.filter({ !$0.isWhitespace }), !boot.isEmpty
        else {
            throw StateError(.unreadable(ENOENT), path: "/proc/sys/kernel/random/boot_id", remedy: "mount /proc")
        }
        return StateIdentity(boot: boot, namespace: try namespace())
    }

    /// The namespace's cookie, which is never used twice; before Linux 5.14 its inode, which may be.
    private static func namespace() throws(StateError) -> String {
        do throws(NetlinkError) {
            if let cookie = try GenericNetlinkSocket().namespaceCookie { return "\(cookie)" }
        } catch {
            throw StateError(.unreadable(error.errno ?? EIO), path: "a netlink socket", remedy: "see 'ipvsync doctor'")
        }
        let path = "/proc/self/ns/net"
        var status = stat()
        guard stat(path, &status) == 0 else { throw StateError(.unreadable(errno), path: path, remedy: "mount /proc") }
        return "inode-\(status.st_ino)"
    }
}
