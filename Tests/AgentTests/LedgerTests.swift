// swift-format-ignore-file: NeverForceUnwrap

import Glibc
import LoadBalancing
import Reconcile
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

    @Test func savedIsLoadedAndLeavesNothingBeside() throws {
        let state = try TemporaryState()
        #expect(try state.store.load() == LedgerStore.Loaded(ledger: Ledger(), problem: nil))
        try state.store.save(Self.ledger)
        try state.store.save(Self.ledger)
        #expect(try state.store.load() == LedgerStore.Loaded(ledger: Self.ledger, problem: nil))
        #expect(state.files == ["ledger-1"])
    }

    @Test func aFileThatAKilledRunLeftBehindDoesNotMatter() throws {
        let state = try TemporaryState()
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
        }
    }

    @Test func aSymbolicLinkIsNotFollowed() throws {
        let state = try TemporaryState()
        symlink("/etc/hostname", state.store.path)
        #expect(throws: StateError.self) { try state.store.load() }
    }

    @Test func oneRunAtATime() throws {
        let state = try TemporaryState()
        let lock = try state.store.lock(waitingAtMost: 0)
        #expect(throws: StateError.self) { _ = try state.store.lock(waitingAtMost: 0) }
        _ = consume lock
        _ = try state.store.lock(waitingAtMost: 0)
    }

    @Test func whoWaitsForAnotherRunIsToldOnce() throws {
        let state = try TemporaryState()
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
