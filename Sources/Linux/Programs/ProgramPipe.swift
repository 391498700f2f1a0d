internal import CSystem
internal import Glibc

/// A pipe to or from a program. Both ends are closed at `exec`, unless they are given to the program by name.
struct ProgramPipe: ~Copyable {
    let reader: Descriptor
    let writer: Descriptor

    init() throws(ProgramFailure) {
        var ends: (Int32, Int32) = (-1, -1)
        let code = withUnsafeMutableBytes(of: &ends) {
            csystem_pipe($0.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard code == 0 else { throw ProgramFailure("pipe", errno) }
        reader = Descriptor(ends.0)
        writer = Descriptor(ends.1)
    }

    /// The end to read from, which no longer blocks; the other one is closed.
    consuming func keepReader() -> Descriptor { reader.withoutBlocking() }

    /// The end to write to, which no longer blocks; the other one is closed.
    consuming func keepWriter() -> Descriptor { writer.withoutBlocking() }
}

extension Descriptor {
    fileprivate consuming func withoutBlocking() -> Descriptor {
        _ = fcntl(value, F_SETFL, fcntl(value, F_GETFL) | O_NONBLOCK)
        return self
    }
}
