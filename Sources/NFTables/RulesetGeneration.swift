internal import CSystem
internal import Glibc
internal import Programs

/// The number that the kernel counts up with every change of a namespace's nftables, asked for by one small message.
package enum RulesetGeneration {
    // linux/netfilter/nfnetlink.h and nf_tables.h.
    private static let netlinkNetfilter: Int32 = 12
    private static let subsystem: UInt16 = 10 << 8
    private static let newGeneration = subsystem | 15
    private static let getGeneration = subsystem | 16
    private static let generationAttribute: UInt16 = 1
    private static let headerLength = 20

    /// The number of the calling thread's namespace; `nil` when the kernel has no nftables or does not answer.
    package static func current() -> UInt32? {
        let socket = Descriptor(
            Glibc.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), netlinkNetfilter))
        guard socket.value >= 0 else { return nil }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(socket.value, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let request = Self.request
        guard send(socket.value, request, request.count, 0) == request.count else { return nil }
        var answer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket.value, &answer, answer.count, 0)
        return count > 0 ? generation(in: answer.prefix(count)) : nil
    }

    /// A netlink header and a netfilter header: length, type, NLM_F_REQUEST, then zeros.
    private static var request: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: headerLength)
        bytes.withUnsafeMutableBytes { buffer in
            buffer.storeBytes(of: UInt32(headerLength), as: UInt32.self)
            buffer.storeBytes(of: getGeneration, toByteOffset: 4, as: UInt16.self)
            buffer.storeBytes(of: 1, toByteOffset: 6, as: UInt16.self)
        }
        return bytes
    }

    /// The number in an answer; `nil` for an error and anything else.
    static func generation(in answer: ArraySlice<UInt8>) -> UInt32? {
        answer.withUnsafeBytes { bytes in
            guard bytes.count >= headerLength, bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self) == newGeneration
            else { return nil }
            let end = min(bytes.count, Int(bytes.loadUnaligned(as: UInt32.self)))
            var offset = headerLength
            while offset + 4 <= end {
                let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
                let type = bytes.loadUnaligned(fromByteOffset: offset + 2, as: UInt16.self)
                guard length >= 4, offset + length <= end else { return nil }
                if type == generationAttribute, length == 8 {
                    return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
                }
                offset += (length + 3) & ~3
            }
            return nil
        }
    }
}
