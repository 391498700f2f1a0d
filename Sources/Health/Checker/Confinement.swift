internal import CSystem
internal import Glibc

/// What a checker gives up before it reads a byte of anybody's.
struct Confinement {
    /// As whom it checks; `nil` for the checker's own user, where there is one.
    let user: String?
    /// Whether it starts programs.
    let startsPrograms: Bool
    /// Whether it is root only where that is the named user.
    let avoidsRoot: Bool
    let needs: CheckerNeeds

    /// The users that a checker without a named one becomes: the first that there is.
    private static let ownUsers = ["ipvsync-check", "nobody"]
    /// Descriptors: an attempt takes one.
    private static let openFiles = 16_384

    /// Linux's numbers of capabilities (`capability.h`).
    private enum Capability {
        static let kill: UInt64 = 1 << 5
        static let setGroup: UInt64 = 1 << 6
        static let setUser: UInt64 = 1 << 7
        /// Marks (since Linux 5.17) and echo requests; it changes nothing of the node.
        static let netRaw: UInt64 = 1 << 13
    }

    /// Gives it all up, for good.
    func enter() throws(CheckerError) {
        limit()
        let held = csystem_capabilities()
        // Before the user changes. Where it is forbidden, PR_SET_NO_NEW_PRIVS keeps all of it away just as well.
        for capability in Int32(0)..<64 where csystem_drop_from_bounding_set(capability) != 0 { break }
        // Without this, the capabilities below go with the user.
        try check("PR_SET_KEEPCAPS", csystem_prctl(PR_SET_KEEPCAPS, 1))
        try changeUser(held)
        guard !avoidsRoot || user != nil || geteuid() != 0 else {
            throw CheckerError("it would be run as root: name a user, be it root, as 'user' under 'hooks'")
        }
        try dropCapabilities(held)
        try check("PR_SET_NO_NEW_PRIVS", csystem_prctl(PR_SET_NO_NEW_PRIVS, 1))
        csystem_forbid_dumps()
        if !startsPrograms {
            // Where the kernel has no filters, all the rest still holds.
            let code = csystem_forbid_system_calls()
            guard code == 0 || code == ENOSYS else { throw CheckerError("seccomp", code) }
        }
        // A change of user has taken it back.
        try check("PR_SET_PDEATHSIG", csystem_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL)))
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] { Glibc.signal(signal, SIG_IGN) }
    }

    /// Limits what a mistake can cost. Where that is forbidden, the checker's own bounds still hold.
    private func limit() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        var files = rlimit()
        guard csystem_limit_open_files(0, nil, &files) == 0 else { return }
        files.rlim_max = min(files.rlim_max, rlim_t(Self.openFiles))
        files.rlim_cur = files.rlim_max
        csystem_limit_open_files(0, &files, nil)
    }

    /// Becomes the user that it is to be; one that the agent could not end any more it does not become.
    private func changeUser(_ held: UInt64) throws(CheckerError) {
        let account = try chosenAccount()
        guard let account, account.identifier != geteuid() else { return }
        let needed = Capability.kill | Capability.setGroup | Capability.setUser
        guard held & needed == needed else {
            // Without a capability root is little more than another user.
            guard let user else { return }
            throw CheckerError("to become user \(user) takes CAP_SETUID, CAP_SETGID and CAP_KILL")
        }
        // The groups of a named user are part of what its commands may do; the checker's own has none.
        try check(
            "the groups of \(account.name)",
            user == nil ? setgroups(0, nil) : initgroups(account.name, account.group))
        try check("the group of \(account.name)", setgid(account.group))
        try check("user \(account.name)", setuid(account.identifier))
        guard !startsPrograms else { return }
        // Counted are all processes of that user: that it may start none means that it starts none.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &none)
    }

    private func dropCapabilities(_ held: UInt64) throws(CheckerError) {
        _ = csystem_clear_ambient()
        try check("capset", csystem_set_capabilities(needs.isEmpty ? 0 : held & Capability.netRaw))
        if needs == .ping, Self.canPing { try check("capset", csystem_set_capabilities(0)) }
    }

    private struct Account {
        let name: String
        let identifier: uid_t
        let group: gid_t
    }

    /// `nil` to stay root, where no other user is known.
    private func chosenAccount() throws(CheckerError) -> Account? {
        guard let user else {
            for name in Self.ownUsers {
                if let account = try account(name) { return account }
            }
            return nil
        }
        guard let account = try account(user) else { throw CheckerError("there is no user \(user)") }
        return account
    }

    private func account(_ name: String) throws(CheckerError) -> Account? {
        errno = 0
        guard let entry = getpwnam(name) else {
            // The C library's ways to say that there is none.
            guard [0, ENOENT, ESRCH, EBADF, EPERM].contains(errno) else { throw CheckerError("user \(name)", errno) }
            return nil
        }
        return Account(name: name, identifier: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
    }

    /// Whether every user may send echo requests here.
    private static var canPing: Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_ICMP))
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    private func check(_ call: String, _ result: Int32) throws(CheckerError) {
        guard result == 0 else { throw CheckerError(call, errno) }
    }
}
