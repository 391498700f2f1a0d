import Glibc

extension TrafficSocket {
    /// The other side of a connection.
    var peer: SocketAddress? { get throws(ScenarioFailure) { try address(of: getpeername) } }

    /// This side's address and port.
    var name: SocketAddress? { get throws(ScenarioFailure) { try address(of: getsockname) } }

    /// The next datagram with where it came from, if there is one.
    func readDatagram() throws(ScenarioFailure) -> (bytes: [UInt8], source: SocketAddress)? {
        var buffer = [UInt8](repeating: 0, count: 256)
        var count = 0
        let source = try address { descriptor, address, size in
            count = recvfrom(descriptor, &buffer, buffer.count, 0, address, size)
            return count >= 0 ? 0 : -1
        }
        return source.map { (Array(buffer[..<count]), $0) }
    }

    /// Sends a datagram.
    func send(_ bytes: [UInt8], to address: SocketAddress) {
        _ = address.withPointer { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
    }

    /// The address that a system call fills in; `nil` when it fails.
    private func address(
        of call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws(ScenarioFailure) -> SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &size) }
        }
        return result == 0 ? try SocketAddress(storage) : nil
    }
}
