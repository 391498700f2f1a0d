import ArgumentParser

/// What a scenario needs or is about, to choose scenarios by.
enum Tag: String, CaseIterable, ExpressibleByArgument {
    /// It tests the harness itself.
    case harness
    /// It needs what a user-mode kernel lacks: nftables, a second CPU.
    case fullKernel = "full-kernel"
    /// It changes what belongs to the whole kernel, which has to be a guest. It runs alone.
    case guest
    /// It takes more than some seconds.
    case slow
    /// It needs the scheduler `twos` (Linux 5.11, not built everywhere).
    case twos

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
