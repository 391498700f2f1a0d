import Glibc
import Synchronization
import Testing

@testable import Netlink

/// The real socket, against the family that every kernel has: the controller itself.
@Suite(.serialized) struct GenericNetlinkSocketTests {
    @Test func resolvesFamilies() throws {
        #expect(try GenericNetlinkSocket.resolveFamily("nlctrl") == 0x10)
        #expect(throws: NetlinkError(.familyMissing, operation: "resolve the family ipvsync_none")) {
            try GenericNetlinkSocket.resolveFamily("ipvsync_none")
        }
    }

    @Test func dumpsTheFamilies() throws {
        let channel = GenericNetlinkChannel(transport: try GenericNetlinkSocket(), family: 0x10, version: 2)
        // CTRL_CMD_GETFAMILY, whose replies carry CTRL_ATTR_FAMILY_NAME.
        let names: [String] = try channel.dump("list families", command: 3, initial: []) {
            (names, cursor) throws(NetlinkError) in
            while let attribute = try cursor.next() {
                if attribute.type == 2 { names.append(attribute.string()) }
            }
        }
        #expect(names.contains("nlctrl"))
    }

    @Test func refusalsAreThoseOfTheKernel() throws {
        let channel = GenericNetlinkChannel(transport: try GenericNetlinkSocket(), family: 0x10, version: 2)
        // There is no command 200.
        let failures = try channel.sendBatch("nonsense", count: 3, command: { $0 == 1 ? 200 : 3 }) { index, builder in
            if index != 1 { builder.put(2, string: "nlctrl") }
        }
        #expect(failures.map(\.index) == [1])
        #expect(failures.map(\.errno) == [EOPNOTSUPP])
    }

    @Test func aSignalDoesNotEndAWait() throws {
        signal(SIGUSR2) { _ in handled.add(1, ordering: .relaxed) }
        var action = sigaction()
        sigaction(SIGUSR2, nil, &action)
        action.sa_flags &= ~SA_RESTART
        sigaction(SIGUSR2, &action, nil)
        // The threads that tests run on block every signal.
        var (signals, former) = (sigset_t(), sigset_t())
        sigaddset(&signals, SIGUSR2)
        pthread_sigmask(SIG_UNBLOCK, &signals, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        let socket = try GenericNetlinkSocket(timeLimitSeconds: 1)
        let before = handled.load(ordering: .relaxed)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
        defer { buffer.deallocate() }
        // On a busy machine a wait may be over before the first signal comes.
        while handled.load(ordering: .relaxed) == before {
            let signaller = try Signaller(target: pthread_self())
            // Each signal ends the call, never the wait: only the time limit does.
            #expect(throws: TransportError(errno: EAGAIN)) { try socket.receive(into: buffer) }
            signaller.join()
        }
    }

    @Test func everyNamespaceHasACookie() throws {
        #expect(try GenericNetlinkSocket().namespaceCookie ?? 1 > 0)
    }
}

/// How many signals have been handled.
private let handled = Atomic<Int>(0)

/// Sends a thread a few signals from another one.
private struct Signaller {
    private let thread: pthread_t

    init(target: pthread_t) throws {
        var thread = pthread_t()
        let argument = UnsafeMutablePointer<pthread_t>.allocate(capacity: 1)
        argument.initialize(to: target)
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let target = argument?.assumingMemoryBound(to: pthread_t.self) else { return nil }
                for _ in 0..<5 {
                    usleep(100_000)
                    pthread_kill(target.pointee, SIGUSR2)
                }
                target.deallocate()
                return nil
            }, argument)
        guard result == 0 else { throw TransportError(errno: result) }
        self.thread = thread
    }

    func join() { pthread_join(thread, nil) }
}
