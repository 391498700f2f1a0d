internal import CSystem
internal import Glibc
internal import Synchronization

/// How many files this process may have open (`RLIMIT_NOFILE`).
///
/// The soft limit is mostly 1,024, for programs that use `select(2)`; those that do not are meant to raise it to the
/// hard one (systemd.exec(5), LimitNOFILE=). Programs that are started here get the one that was there before.
package enum OpenFilesLimit {
    private static let before = Mutex<rlimit?>(nil)

    /// Raises the soft limit to the hard one.
    ///
    /// - Returns: The limit from here on.
    @discardableResult
    package static func raise() -> Int {
        before.withLock { before in
            var limit = current
            if limit.rlim_cur < limit.rlim_max {
                var raised = limit
                raised.rlim_cur = raised.rlim_max
                if csystem_limit_open_files(0, &raised, nil) == 0 {
                    before = before ?? limit
                    limit = raised
                }
            }
            return Int(clamping: limit.rlim_cur)
        }
    }

    private static var current: rlimit {
        var limit = rlimit()
        return csystem_limit_open_files(0, nil, &limit) == 0 ? limit : rlimit(rlim_cur: 1024, rlim_max: 1024)
    }

    /// Gives a program that was just started the limit that this process was started with. It is not there yet when
    /// the program is not ours any more, which changes nothing for us.
    static func restore(in process: pid_t) {
        guard var limit = before.withLock({ $0 }) else { return }
        csystem_limit_open_files(process, &limit, nil)
    }
}
