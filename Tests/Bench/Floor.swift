import IPVS
import LoadBalancing
import Netlink

/// The least that the kernel needs: messages encoded in advance, sent in batches, with nothing else around them.
struct Floor {
    private let datagrams: [[UInt8]]

    /// Encodes the operations for a kernel in which the family has that number.
    init(_ operations: [TableOperation], family: UInt16) throws {
        let recorder = RecordingTransport()
        _ = try IPVSClient(transport: recorder, family: family).apply(operations)
        datagrams = recorder.datagrams
    }

    /// Sends everything and waits for each batch's acknowledgement.
    ///
    /// - Returns: How long it took.
    func run(clock: ContinuousClock = ContinuousClock()) throws -> Duration {
        let socket = try GenericNetlinkSocket()
        let answer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
        defer { answer.deallocate() }
        return try clock.measure {
            for datagram in datagrams {
                try datagram.withUnsafeBytes { bytes in
                    try socket.send(bytes)
                    let received = try socket.receive(into: answer)
                    let verdict = answer.loadUnaligned(fromByteOffset: 16, as: Int32.self)
                    guard received.count >= 20, verdict == 0 else {
                        throw BenchError("the floor was refused: \(verdict)")
                    }
                }
            }
        }
    }
}

/// A measurement that could not be made.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
