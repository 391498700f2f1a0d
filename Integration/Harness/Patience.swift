/// How long a scenario waits for what has to come.
///
/// These limits end what never comes. Nothing that does come may meet one, however busy the machine is.
enum Patience {
    /// For one step: a command, a line in a log, a state of the kernel.
    static let step = Duration.seconds(600) * factor
    /// For a whole scenario.
    static let scenario = Duration.seconds(3600) * factor

    /// `IPVSYNC_PATIENCE`, a whole number, lengthens every limit on a machine that is slower still.
    private static var factor: Int {
        max(1, Environment.variable("IPVSYNC_PATIENCE").flatMap { Int($0) } ?? 1)
    }
}
