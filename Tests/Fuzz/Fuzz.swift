import ArgumentParser
import Glibc
import TestSupport

/// Feeds mutated inputs to one target until the time is over.
@main
struct Fuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Fuzz", abstract: "Feeds mutated inputs to what parses bytes from outside.")

    @Argument(
        help: """
            netlink, network, nftables, iptables, yaml, ipvsadm, manifests, kubeconfig, lists, checker, migrations or \
            tenant.
            """)
    var target: FuzzTarget.Name

    @Option(help: "How long.")
    var seconds = 60

    @Option(help: "The same seed gives the same inputs.")
    var seed: UInt64 = 1

    @Option(help: "For tenant: that many objects, however long it takes.")
    var objects: Int?

    @Option(help: "Where the input at hand is kept, to be found after a crash.")
    var input: String

    /// More than any input of a few KiB may take.
    private static let patience: Duration = .seconds(1)

    func run() throws {
        guard target != .tenant else { return try runTenant() }
        let target = FuzzTarget(target)
        let record = try InputRecord(path: input)
        var mutator = Mutator(seed: seed, corpus: target.corpus)
        let started = ContinuousClock.now
        var count = 0
        while started.duration(to: .now) < .seconds(seconds) {
            let bytes = mutator.next()
            record.keep(bytes)
            let began = ContinuousClock.now
            target.consume(bytes)
            guard began.duration(to: .now) < Self.patience else {
                print("input \(count) of seed \(seed) took more than a second")
                throw ExitCode.failure
            }
            count += 1
        }
        print("\(count) inputs, \(count / max(1, seconds)) a second: no crash")
    }
}

extension Fuzz {
    /// A hostile tenant's objects through the whole translation, beside those of a well-behaved one.
    private func runTenant() throws {
        var trial = try TenantTrial(seed: seed)
        let started = ContinuousClock.now
        while objects.map({ trial.figures.objects < $0 }) ?? (started.duration(to: .now) < .seconds(seconds)) {
            try trial.run(objects: min(1_000, (objects ?? .max) - trial.figures.objects))
        }
        print("\(trial.figures); \(Self.residentMegabytes) MiB at most; the other tenant as before")
    }

    /// The most memory that this process had.
    private static var residentMegabytes: Int {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return usage.ru_maxrss >> 10
    }
}

/// The input at hand in a file that is mapped into memory: it outlives a crash and costs a copy, no system call.
private struct InputRecord {
    private let memory: UnsafeMutableRawBufferPointer

    init(path: String) throws {
        let size = Mutator.maximumSize + 8
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, size) == 0,
            let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED
        else { throw ValidationError("\(path) cannot be written") }
        close(descriptor)
        memory = UnsafeMutableRawBufferPointer(start: address, count: size)
    }

    /// The length in 8 bytes, then the input.
    func keep(_ bytes: [UInt8]) {
        memory.storeBytes(of: bytes.count, as: Int.self)
        UnsafeMutableRawBufferPointer(rebasing: memory[8...]).copyBytes(from: bytes)
    }
}
