internal import CSystem
internal import Files
internal import Glibc
internal import HealthChecks
internal import Programs

/// A run of a program of the operator's. Whatever it started in its process group ends with it.
final class CommandAttempt: Attempt {
    private let probe: ServerCheck.CommandProbe
    private let timeout: Duration
    private let poller: Poller
    private let key: UInt64
    private var process: Int32?
    private var descriptor: Int32 = -1

    private static let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
    /// As `misc_dynamic` of keepalived: statuses from here on are weights.
    private static let firstWeight: Int32 = 2

    init(_ probe: ServerCheck.CommandProbe, timeout: Duration, _ poller: Poller, key: UInt64) {
        self.probe = probe
        self.timeout = timeout
        self.poller = poller
        self.key = key
    }

    deinit {
        if let process { Reaper.end(group: process) }
        if descriptor >= 0 { close(descriptor) }
    }

    func start() -> Finding? {
        let null = Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC))
        guard null.value >= 0 else { return .error(errno, "/dev/null") }
        let path = probe.arguments.first ?? ""
        do throws(ProgramFailure) {
            let started = try ProgramProcess.spawn(
                path, probe.arguments, environment: Self.environment + (probe.event ?? []),
                standard: [null.value, null.value, null.value])
            process = started
            descriptor = csystem_pidfd_open(started)
        } catch {
            return .unknown("cannot ask: \(path) \(error.reason)")
        }
        guard descriptor >= 0, poller.add(descriptor, key: key, output: false) else {
            return .unknown("cannot ask: nothing would tell of the program's end (Linux 5.3 or newer)")
        }
        return nil
    }

    func handle() -> Finding? {
        guard let process else { return nil }
        // It has ended: what it left behind of its group ends too, while the number is still its own.
        kill(-process, SIGKILL)
        var status: Int32 = 0
        let result = waitpid(process, &status, WNOHANG)
        guard result != 0 else { return nil }
        self.process = nil
        return result > 0 ? finding(status) : .error(errno, "waitpid")
    }

    func expire() -> Finding { .down("killed, for it had not ended within \(timeout.shortText)") }

    private func finding(_ status: Int32) -> Finding {
        let signal = status & 0x7F
        guard signal == 0 else { return .down("ended by signal \(signal)") }
        let code = status >> 8 & 0xFF
        let reason = "exit status \(code)"
        if code == 0 { return .up(reason) }
        guard probe.isDynamic, code >= Self.firstWeight else { return .down(reason) }
        return Finding(outcome: .weight(UInt32(code - Self.firstWeight)), reason: reason)
    }
}

/// A weight in a file.
final class FileAttempt: Attempt {
    private let path: String

    /// Bytes of the longest file.
    private static let limit = 64

    init(_ path: String) { self.path = path }

    func start() -> Finding? {
        do throws(FileError) {
            return finding(try InputFile(path: path).contents(limit: Self.limit))
        } catch {
            return .unknown("cannot ask: \(path): \(Self.text(of: error))")
        }
    }

    private static func text(of error: FileError) -> String {
        switch error.kind {
        case .system(let code): strerror(code).map { String(cString: $0) } ?? "error \(code)"
        case .notRegular(let kind): "it is \(kind)"
        case .tooLong(let limit): "it is longer than \(limit) bytes"
        case .untrusted(let reason): reason
        }
    }

    func handle() -> Finding? { nil }

    func expire() -> Finding { .unknown("cannot ask: \(path) was not read in time") }

    private func finding(_ bytes: [UInt8]) -> Finding {
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        guard let weight = UInt32(text), weight <= UInt32(Int32.max) else {
            return .unknown("cannot ask: \(path) holds no weight")
        }
        return weight == 0 ? .down("\(path) holds 0") : Finding(outcome: .weight(weight), reason: "weight \(weight)")
    }
}
