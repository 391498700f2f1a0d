import CSystem
import Glibc
import Synchronization
import Testing

/// What a checker that has been taken over could still ask of the kernel.
@Suite struct SystemCallFilterTests {
    /// The errors of some calls, by name, made on a thread that has the filter; 0 for success. `nil` where the kernel
    /// has no filters.
    private func inside(_ work: @escaping @Sendable () -> [String: Int32]) throws -> [String: Int32]? {
        final class Box: Sendable {
            let work: @Sendable () -> [String: Int32]
            let result = Mutex<[String: Int32]?>(nil)
            init(_ work: @escaping @Sendable () -> [String: Int32]) { self.work = work }
        }
        let box = Box(work)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let box = Unmanaged<Box>.fromOpaque(context).takeRetainedValue()
                // Both hold for this thread alone.
                guard csystem_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0 else { return nil }
                let code = csystem_forbid_system_calls()
                let found = code == 0 ? box.work() : ["filter": code]
                box.result.withLock { $0 = found }
                return nil
            }, Unmanaged.passRetained(box).toOpaque())
        try #require(code == 0)
        pthread_join(thread, nil)
        let result = box.result.withLock { $0 }
        let found = try #require(result)
        guard let code = found["filter"] else { return found }
        // A kernel that has filters has to take this one.
        #expect(code == ENOSYS && csystem_prctl(PR_GET_SECCOMP, 0) < 0, "\(String(cString: strerror(code)))")
        return nil
    }

    private static func call(_ result: Int32) -> Int32 { result >= 0 ? 0 : errno }

    @Test func itForbidsWhatTalkingToStrangersDoesNotTake() throws {
        let folder = "/tmp/ipvsync-filter-\(getpid())"
        defer { rmdir(folder) }
        let found = try inside {
            var calls: [String: Int32] = [:]
            for (name, family) in [("unix", AF_UNIX), ("packet", AF_PACKET), ("vsock", AF_VSOCK)] {
                calls[name] = Self.call(socket(family, Int32(SOCK_DGRAM.rawValue), 0))
            }
            calls["write"] = Self.call(open("/dev/null", O_WRONLY))
            calls["read and write"] = Self.call(open("/dev/null", O_RDWR))
            calls["create"] = Self.call(open("\(folder)/file", O_RDONLY | O_CREAT, 0o600))
            calls["mkdir"] = Self.call(mkdir(folder, 0o700))
            calls["unlink"] = Self.call(unlink("\(folder)/file"))
            calls["rename"] = Self.call(rename(folder, folder + "2"))
            calls["chmod"] = Self.call(chmod(folder, 0o777))
            calls["truncate"] = Self.call(truncate("\(folder)/file", 0))
            // Signal 0 asks whether one may.
            calls["kill"] = Self.call(kill(getppid(), 0))
            calls["execute"] = Self.call(execv("/bin/true", [nil]))
            calls["limit"] = Self.call(csystem_limit_open_files(getppid(), nil, nil))
            calls["limit of its own"] = Self.call(csystem_limit_open_files(0, nil, nil))
            calls["namespace"] = Self.call(unshare(CLONE_NEWUTS))
            calls["name"] = Self.call(sethostname("x", 1))
            calls["mount"] = Self.call(umount2("/nowhere", 0))
            var pipes: [Int32] = [0, 0]
            guard pipe(&pipes) == 0 else { return ["pipe": errno] }
            defer { for pipe in pipes { close(pipe) } }
            var owner = getppid()
            calls["owner"] = Self.call(ioctl(pipes[0], 0x8901, &owner))
            var pair: [Int32] = [0, 0]
            calls["datagrams"] = Self.call(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &pair))
            calls["signals of a descriptor"] = Self.call(fcntl(pipes[0], F_SETOWN, getppid()))
            return calls
        }
        guard var found else { return }
        #expect(found.removeValue(forKey: "limit of its own") == 0)
        #expect(found.count == 20)
        for (name, code) in found { #expect(code == EPERM, "\(name): \(String(cString: strerror(code)))") }
    }

    @Test func itLeavesWhatChecksTake() throws {
        let found = try inside {
            var calls: [String: Int32] = [:]
            for (name, family) in [("ipv4", AF_INET), ("ipv6", AF_INET6), ("netlink", AF_NETLINK)] {
                let kind = family == AF_NETLINK ? SOCK_RAW : SOCK_STREAM
                let descriptor = socket(family, Int32(kind.rawValue), 0)
                calls[name] = Self.call(descriptor)
                if descriptor >= 0 { calls["fcntl"] = Self.call(fcntl(descriptor, F_SETFL, O_NONBLOCK)) }
                close(descriptor)
            }
            let file = open("/etc/passwd", O_RDONLY | O_CLOEXEC)
            calls["read"] = Self.call(file)
            close(file)
            var pair: [Int32] = [0, 0]
            // libcurl wakes itself by such a pair.
            calls["socketpair"] = Self.call(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair))
            for descriptor in pair { close(descriptor) }
            var thread = pthread_t()
            calls["thread"] = pthread_create(&thread, nil, { _ in nil }, nil)
            if calls["thread"] == 0 { pthread_join(thread, nil) }
            calls["signal to itself"] = pthread_kill(pthread_self(), 0)
            return calls
        }
        guard let found else { return }
        #expect(found.count == 8)
        for (name, code) in found where name != "ipv6" || code != EAFNOSUPPORT {
            #expect(code == 0, "\(name): \(String(cString: strerror(code)))")
        }
    }
}
