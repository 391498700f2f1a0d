internal import ArgumentParser

/// What the program's exit status says; the help text lists the same numbers.
enum ExitStatus: Int32 {
    /// Done, or nothing to do.
    case success = 0
    /// The kernel refused something, or a file could not be read or written.
    case failed = 1
    /// `plan` found changes.
    case changesPending = 2
    /// The configuration is invalid; nothing was changed.
    case invalidConfiguration = 3
    /// `CAP_NET_ADMIN` is missing, or the files with our state may not be used; nothing was changed.
    case notPermitted = 4
    /// The kernel has no IPVS; nothing was changed.
    case noIPVS = 5
    /// Everything else was done, but so many removals were wanted that they were held back.
    case removalsHeld = 6

    /// The error that ends a command with this status and no further message.
    var code: ExitCode { ExitCode(rawValue) }

    /// The list for `--help`.
    static let help = """
        EXIT STATUS:
          0   done, or nothing to do
          1   the kernel refused something, or a file could not be read or written
          2   plan: there are changes to make
          3   the configuration is invalid; nothing was changed
          4   CAP_NET_ADMIN is missing, or --state-dir is not trusted; nothing changed
          5   the kernel has no IPVS; nothing was changed
          6   removals were held back, for they looked like a mistake; the rest was done
          64  wrong usage
        """
}
