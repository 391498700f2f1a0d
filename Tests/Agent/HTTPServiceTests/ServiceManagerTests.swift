import CSystem
import Glibc
import Sockets
import TemporaryFiles
import Testing

@testable import HTTPService

@Suite("Service manager")
struct ServiceManagerTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The next datagram; `nil` if there is none.
    private func receive(_ descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    @Test("Lines are told in one datagram, none can be smuggled in")
    func path() throws {
        let socket = try folder.bindSocket(SOCK_DGRAM)
        defer { close(socket) }
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": folder.socket])
        #expect(manager.isListening)
        manager.notify(["READY=1", "STATUS=two\nMAINPID=1"])
        #expect(receive(socket) == "READY=1\nSTATUS=two MAINPID=1")
        manager.notify(["WATCHDOG=1"])
        #expect(receive(socket) == "WATCHDOG=1")
        #expect(receive(socket) == nil)
    }

    @Test("An abstract socket")
    func abstractName() throws {
        let name = "ipvsync-test\(folder.path)"
        let address = try #require(SocketAddress(abstractName: name))
        let socket = try folder.bindSocket(SOCK_DGRAM, address)
        defer { close(socket) }
        ServiceManager(environment: ["NOTIFY_SOCKET": "@" + name]).notify(["READY=1"])
        #expect(receive(socket) == "READY=1")
    }

    @Test("A manager that does not read holds up nobody")
    func fullQueue() throws {
        let socket = try folder.bindSocket(SOCK_DGRAM)
        defer { close(socket) }
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": folder.socket])
        for _ in 0..<5000 { manager.notify(["WATCHDOG=1"]) }
        #expect(receive(socket) == "WATCHDOG=1")
    }

    @Test(
        "Nobody to tell: nothing happens",
        arguments: [
            [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "@"], ["NOTIFY_SOCKET": "vsock:2:1"],
            ["NOTIFY_SOCKET": "/nowhere/" + String(repeating: "x", count: 200)], ["NOTIFY_SOCKET": "/nowhere/socket"],
        ])
    func nobody(environment: [String: String]) {
        let manager = ServiceManager(environment: environment)
        #expect(manager.isListening == (environment["NOTIFY_SOCKET"] == "/nowhere/socket"))
        manager.notify(["READY=1"])
    }

    @Test("The watchdog is fed twice in its time, if it is for this process")
    func watchdog() {
        func interval(_ environment: [String: String]) -> Duration? {
            ServiceManager(environment: environment, processIdentifier: 42).watchdogInterval
        }
        #expect(interval([:]) == nil)
        #expect(interval(["WATCHDOG_USEC": "3000000"]) == .milliseconds(1500))
        #expect(interval(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "42"]) == .milliseconds(1500))
        #expect(interval(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "43"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "x"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "x"]) == nil)
    }
}
