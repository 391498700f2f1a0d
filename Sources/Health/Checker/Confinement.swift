internal import CSystem
internal import Glibc

/// What a checker gives up before it reads a byte of anybody's.
struct Confinement {
    /// As whom it checks; `nil` for the checker's own user, where there is one.
    let user: String?
    /// Whether it starts programs.
    let startsPrograms: Bool
    let needs: CheckerNeeds

    /// The users that a checker without a named one becomes: the first that there is.
    private static let ownUsers = ["ipvsync-check", "nobody"]
    /// `CAP_NET_RAW`: marks (since Linux 5.17) and echo requests; it lets nobody change anything of the node.
    private static let netRaw = 13
    /// Descriptors: a check takes one, or two for a program.
    static let openFiles = 32_768

    /// Gives it all up, for good.
    func enter() throws(CheckerError) {
        try limit()
        let isRoot = geteuid() == 0
        if isRoot {
            try leaveRoot()
        } else if let user, try account(user)?.identifier != geteuid() {
            throw CheckerError("it cannot become user \(user), for it was not started by root")
        }
        // Not all kernels have an ambient set, and one that was never filled is empty.
        _ = csystem_clear_ambient()
        // Where the capability is not there to keep, there is none to give up either.
        let kept: UInt64 = needs.isEmpty ? 0 : 1 << UInt64(Self.netRaw)
        if csystem_set_capabilities(kept) != 0 { try check("capset", csystem_set_capabilities(0)) }
        if !needs.contains(.marks), !needs.isEmpty, Self.canPing { try check("capset", csystem_set_capabilities(0)) }
        try check("PR_SET_NO_NEW_PRIVS", csystem_prctl(PR_SET_NO_NEW_PRIVS, 1))
        // A change of user has taken it back: it comes last.
        try check("PR_SET_PDEATHSIG", csystem_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL)))
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] { Glibc.signal(signal, SIG_IGN) }
    }

    private func limit() throws(CheckerError) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        try check("RLIMIT_CORE", setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none))
        var files = rlimit()
        try check("RLIMIT_NOFILE", csystem_limit_open_files(0, nil, &files))
        files.rlim_max = min(files.rlim_max, rlim_t(Self.openFiles))
        files.rlim_cur = files.rlim_max
        try check("RLIMIT_NOFILE", csystem_limit_open_files(0, &files, nil))
    }

    private func leaveRoot() throws(CheckerError) {
        let account = try chosenAccount()
        for capability in Int32(0)..<64 where csystem_drop_from_bounding_set(capability) != 0 {
            guard errno == EINVAL else { throw CheckerError("PR_CAPBSET_DROP", errno) }
        }
        try check("PR_SET_KEEPCAPS", csystem_prctl(PR_SET_KEEPCAPS, 1))
        if let account {
            // The groups of a named user are part of what its commands may do; the checker's own has none.
            try check(
                "the groups of \(account.name)",
                user == nil ? setgroups(0, nil) : initgroups(account.name, account.group))
            try check("the group of \(account.name)", setgid(account.group))
            try check("user \(account.name)", setuid(account.identifier))
        }
        csystem_forbid_dumps()
        guard !startsPrograms else { return }
        // Counted are all processes of that user: that it may start none means that it starts none.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        try check("RLIMIT_NPROC", setrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &none))
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
