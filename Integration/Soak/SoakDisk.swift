import Glibc

/// A tiny file system for the ledger, which can be full. It ends with the scenario's mount namespace.
final class SoakDisk {
    let directory: String
    private let figures: SoakFigures
    private(set) var isFull = false

    private var filler: String { "\(directory)/filler" }

    init(_ context: Context, figures: SoakFigures) throws(ScenarioFailure) {
        directory = "\(context.directory)/state"
        self.figures = figures
        guard mkdir(directory, 0o700) == 0 else { throw SystemCall.failure(directory) }
        guard mount("none", directory, "tmpfs", 0, "size=64k,mode=0700") == 0 else { throw SystemCall.failure("mount") }
    }

    /// Leaves no room at all.
    func fill() throws(ScenarioFailure) {
        guard !isFull else { return }
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCall.failure(filler) }
        defer { close(descriptor) }
        let page = [UInt8](repeating: 0, count: 4096)
        while write(descriptor, page, page.count) > 0 {}
        guard errno == ENOSPC else { throw SystemCall.failure(filler) }
        isFull = true
        figures.count("fault: the ledger's disk was full")
    }

    func free() throws(ScenarioFailure) {
        guard isFull else { return }
        guard unlink(filler) == 0 else { throw SystemCall.failure(filler) }
        isFull = false
    }
}
