// swift-format-ignore-file: NeverForceUnwrap

import Glibc
import LoadBalancing
import Reconcile
import TestSupport
import Testing

@testable import Agent

@Suite struct LedgerTests {
    private static let key = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let mark = VirtualServerKey("fwmark 7 ipv6")!
    private static let ledger = Ledger(
        virtualServers: [
            key: Ledger.Ownership(name: "shop/web:http", drainTimeout: 60), mark: Ledger.Ownership(),
        ],
        drains: [Ledger.DrainKey(key, Endpoint("[2001:db8::1]:80")!): 12345], syncDaemons: [.master, .backup])
    private static let identity = StateIdentity(boot: "boot", namespace: "1")
    private static let text = """
        ipvsync ledger 1\tboot\t1
        own\ttcp 192.0.2.1:80\t60\tshop/web:http
        own\tfwmark 7 ipv6\t\t
        drain\ttcp 192.0.2.1:80\t[2001:db8::1]:80\t12345
        daemon\tmaster
        daemon\tbackup
        end\t5

        """

    private let state: TemporaryState

    init() throws { state = try TemporaryState() }

    @Test func textIsAsDocumentedAndReadsBack() {
        #expect(LedgerFormat.render(Self.ledger, identity: Self.identity) == Self.text)
        #expect(LedgerFormat.parse(Self.text, identity: Self.identity) == .ledger(Self.ledger))
    }

    @Test func anotherBootOrNamespaceSaysNothing() {
        for identity in [StateIdentity(boot: "other", namespace: "1"), StateIdentity(boot: "boot", namespace: "2")] {
            #expect(LedgerFormat.parse(Self.text, identity: identity) == .otherIdentity)
        }
    }

    @Test func everyTruncationIsCorrupt() {
        let bytes = Array(Self.text.utf8)
        for length in 0..<bytes.count {
            let outcome = LedgerFormat.parse(String(decoding: bytes[..<length], as: UTF8.self), identity: Self.identity)
            guard case .corrupt = outcome else {
                Issue.record("\(length) bytes were taken for \(outcome)")
                continue
            }
        }
    }

    @Test(arguments: [
        ("own\ttcp 192.0.2.1:80\t60\tshop", "own\ttcp 192.0.2.1\t60\tshop", 2),
        ("\t60\t", "\tsoon\t", 2),
        ("own\tfwmark 7 ipv6", "own\ttcp 192.0.2.1:80", 3),
        ("12345", "-1", 4),
        ("daemon\tmaster", "daemon\tchief", 5),
        ("daemon\tbackup", "daemon\tmaster", 6),
        ("daemon\tbackup", "else\tbackup", 6),
        ("end\t5", "end\t4", 7),
        ("ledger 1", "ledger 2", 1),
    ])
    func aRecordThatMakesNoSenseIsCorrupt(_ old: String, _ new: String, _ line: Int) throws {
        let position = try #require(Self.text.firstRange(of: old))
        let text = Self.text.replacingCharacters(in: position, with: new)
        #expect(LedgerFormat.parse(text, identity: Self.identity) == .corrupt(line: line))
    }

    // MARK: - Changes

    private static let change = LedgerChange(
        from: ledger,
        to: Ledger(
            virtualServers: [
                key: Ledger.Ownership(name: "shop/web:http"), VirtualServerKey("udp 192.0.2.1:53")!: Ledger.Ownership(),
            ],
            drains: [Ledger.DrainKey(key, Endpoint("10.1.0.1:80")!): 99], syncDaemons: [.backup]))

    private static let changeText = """
        disown\tfwmark 7 ipv6
        drain\ttcp 192.0.2.1:80\t10.1.0.1:80\t99
        drained\ttcp 192.0.2.1:80\t[2001:db8::1]:80
        own\ttcp 192.0.2.1:80\t\tshop/web:http
        own\tudp 192.0.2.1:53\t\t
        stopped\tmaster
        end\t6

        """

    @Test func aChangeIsAddedAndReadsBack() {
        #expect(LedgerFormat.render(Self.change) == Self.changeText)
        let text = Self.text + Self.changeText
        #expect(LedgerFormat.parse(text, identity: Self.identity) == .ledger(Self.change.new))
        let back = LedgerFormat.render(LedgerChange(from: Self.change.new, to: Self.ledger))
        #expect(LedgerFormat.parse(text + back, identity: Self.identity) == .ledger(Self.ledger))
    }

    /// A run that is killed while it adds a change has not touched the kernel yet.
    @Test func aChangeWithoutItsEndWasNeverMade() {
        let (whole, change) = (Array(Self.text.utf8), Array(Self.changeText.utf8))
        for length in 0..<change.count {
            let text = String(decoding: whole + change[..<length], as: UTF8.self)
            #expect(LedgerFormat.parse(text, identity: Self.identity) == .ledger(Self.ledger), "\(length) bytes")
        }
    }

    @Test(arguments: [
        ("disown\tfwmark 7 ipv6", "disown\tfwmark 8", 8), ("drained\ttcp", "drained\tudp", 10),
        ("stopped\tmaster", "daemon\tmaster", 13), ("end\t6", "end\t5", 14),
        ("own\tudp 192.0.2.1:53\t\t", "own\tudp", 12), ("end\t6", "nonsense", 14),
    ])
    func aChangeThatMakesNoSenseIsCorrupt(_ old: String, _ new: String, _ line: Int) throws {
        let position = try #require(Self.changeText.firstRange(of: old))
        let text = Self.text + Self.changeText.replacingCharacters(in: position, with: new)
        #expect(LedgerFormat.parse(text, identity: Self.identity) == .corrupt(line: line))
    }

    /// After any changes the file says what is known; and it does not grow for ever.
    @Test(arguments: 1...10 as ClosedRange<UInt64>) func changesAddUp(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var record = LedgerRecord(current: Ledger(), isSaved: true)
        var largest = 0
        for _ in 1...400 {
            let key = VirtualServerKey("tcp 192.0.2.\(Int.random(in: 1...9, using: &generator)):80")!
            let drain = Ledger.DrainKey(key, Endpoint("10.1.0.\(Int.random(in: 1...3, using: &generator)):80")!)
            var part = Ledger(syncDaemons: record.current.syncDaemons)
            part.virtualServers[key] = record.current.virtualServers[key]
            part.drains[drain] = record.current.drains[drain]
            var next = part
            let name = Bool.random(using: &generator) ? String(repeating: "n", count: 200) : nil
            next.virtualServers[key] = Bool.random(using: &generator) ? Ledger.Ownership(name: name) : nil
            next.drains[drain] = Bool.random(using: &generator) ? UInt64.random(in: 1...9, using: &generator) : nil
            if Int.random(in: 1...9, using: &generator) == 1 { next.syncDaemons = [.backup] }
            record.use(next, replacing: part)
            if Int.random(in: 1...50, using: &generator) == 1 { record.use(next, replacing: nil) }
            guard Bool.random(using: &generator) else { continue }
            _ = try record.save(in: state.store)
            #expect(try state.store.load() == LedgerStore.Loaded(ledger: record.current, problem: nil))
            largest = max(largest, state.size)
        }
        #expect(largest < 8 << 10)
        _ = try record.save(in: state.store)
        #expect(try record.save(in: state.store) == .notNeeded)
    }

    @Test func aChangeIsAddedToWhatIsThere() throws {
        var record = LedgerRecord(current: Ledger(), isSaved: true)
        func change(_ number: Int) throws {
            let key = VirtualServerKey("tcp 192.0.2.\(number):80")!
            record.use(Ledger(virtualServers: [key: Ledger.Ownership()]), replacing: Ledger())
            #expect(try record.save(in: state.store) == .done)
            #expect(try state.store.load().ledger.virtualServers.count == number)
        }
        try change(1)
        let whole = state.size
        try change(2)
        #expect(state.size == whole + "own\ttcp 192.0.2.2:80\t\t\nend\t1\n".utf8.count)
        #expect(try record.save(in: state.store) == .notNeeded)
        // Somebody has done something to the file, or has removed it.
        try state.write(Self.text)
        try change(3)
        #expect(state.size == whole + 2 * "own\ttcp 192.0.2.2:80\t\t\n".utf8.count)
        unlink(state.store.path)
        try change(4)
    }

    @Test func savedIsLoadedAndLeavesNothingBeside() throws {
        #expect(try state.store.load() == LedgerStore.Loaded(ledger: Ledger(), problem: nil))
        try state.store.save(Self.ledger)
        try state.store.save(Self.ledger)
        #expect(try state.store.load() == LedgerStore.Loaded(ledger: Self.ledger, problem: nil))
        #expect(state.files == ["ledger-1"])
    }

    @Test func aFileThatAKilledRunLeftBehindDoesNotMatter() throws {
        fclose(fopen(state.store.path + ".new", "w"))
        try state.store.save(Self.ledger)
        #expect(state.files == ["ledger-1"])
    }

    @Test func aFullDiskKeepsTheOldLedger() async {
        // In a process of its own: the limit would fail the writes of every other test.
        await #expect(processExitsWith: .success) {
            let state = try TemporaryState()
            try state.store.save(Ledger())
            // The limit on a file's size fails a write as a full disk does, with another errno.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 10, rlim_max: rlim_t(1) << 40)
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            #expect(throws: StateError.self) { try state.store.save(Self.ledger) }
            limit.rlim_cur = limit.rlim_max
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            #expect(try state.store.load().ledger == Ledger())
            #expect(state.files == ["ledger-1"])
            // A change that does not fit leaves nothing of itself, and is made with the next.
            var record = LedgerRecord(current: Ledger(), isSaved: false)
            #expect(try record.save(in: state.store) == .done)
            let size = state.size
            record.use(Self.ledger, replacing: Ledger())
            limit.rlim_cur = rlim_t(size + 10)
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            #expect(throws: StateError.self) { try record.save(in: state.store) }
            limit.rlim_cur = limit.rlim_max
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            #expect(state.size == size)
            #expect(try record.save(in: state.store) == .done)
            #expect(try state.store.load().ledger == Self.ledger)
        }
    }

    @Test func aSymbolicLinkIsNotFollowed() throws {
        symlink("/etc/hostname", state.store.path)
        #expect(throws: StateError.self) { try state.store.load() }
    }

    private func problem<Value: ~Copyable>(_ body: () throws(StateError) -> Value) -> StateError.Kind? {
        do throws(StateError) {
            _ = try body()
            return nil
        } catch {
            return error.kind
        }
    }

    @Test func aFIFOInItsPlaceIsRefusedAtOnce() throws {
        #expect(mkfifo(state.store.path, 0o600) == 0)
        #expect(mkfifo(state.store.networkRecord.path, 0o600) == 0)
        #expect(mkfifo("\(state.directory)/lock-1", 0o600) == 0)
        let problems = [
            problem { () throws(StateError) in try state.store.load() },
            problem { () throws(StateError) in try state.store.networkRecord.load() },
            problem { () throws(StateError) in try state.store.lock(waitingAtMost: 0) },
        ]
        #expect(problems == Array(repeating: .untrusted("it is a FIFO"), count: 3))
    }

    @Test func aDirectoryInWhichOthersWriteIsNotBelieved() throws {
        try state.store.save(Self.ledger)
        chmod(state.directory, 0o777)
        let problems = [
            problem { () throws(StateError) in try state.store.load() },
            problem { () throws(StateError) in try state.store.save(Self.ledger) },
            problem { () throws(StateError) in try state.store.lock(waitingAtMost: 0) },
            problem { () throws(StateError) in try state.store.networkRecord.load() },
            problem { () throws(StateError) in try state.store.requireTrust() },
        ]
        #expect(problems == Array(repeating: .untrusted("users beside its owner may write to it"), count: 5))
        chmod(state.directory, 0o700)
        #expect(try state.store.load().ledger == Self.ledger)
    }

    @Test func aLedgerThatOthersCouldHaveWrittenIsNotBelieved() throws {
        try state.store.save(Self.ledger)
        chmod(state.store.path, 0o666)
        var kind = problem { () throws(StateError) in try state.store.load() }
        #expect(kind == .untrusted("users beside its owner may write to it"))
        chmod(state.store.path, 0o600)
        guard geteuid() == 0 else { return }
        chown(state.store.path, 4711, 4711)
        kind = problem { () throws(StateError) in try state.store.load() }
        #expect(kind == .untrusted("it belongs to user 4711"))
        chown(state.directory, 4711, 4711)
        kind = problem { () throws(StateError) in try state.store.lock(waitingAtMost: 0) }
        #expect(kind == .untrusted("it belongs to user 4711"))
    }

    @Test func oneRunAtATime() throws {
        let lock = try state.store.lock(waitingAtMost: 0)
        #expect(throws: StateError.self) { _ = try state.store.lock(waitingAtMost: 0) }
        _ = consume lock
        _ = try state.store.lock(waitingAtMost: 0)
    }

    @Test func whoWaitsForAnotherRunIsToldOnce() throws {
        var told = 0
        let lock = try state.store.lock(waitingAtMost: 1) { told += 1 }
        #expect(told == 0)
        #expect(throws: StateError.self) { _ = try state.store.lock(waitingAtMost: 1) { told += 1 } }
        #expect(told == 1)
        _ = consume lock
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
