internal import Glibc

/// A digest of bytes that come in pieces.
protocol Digest {
    init()
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// Hexadecimal digits in lower case, of all that came.
    mutating func finish() -> String
}

/// What SHA-256 and MD5 have in common: blocks of 64 bytes, and the count of bits at the end (Merkle, Damgård).
private struct BlockBuffer {
    private var pending: [UInt8] = []
    private var count: UInt64 = 0

    mutating func append(_ bytes: UnsafeRawBufferPointer, _ compress: (UnsafeRawBufferPointer) -> Void) {
        count &+= UInt64(bytes.count)
        var rest = bytes[...]
        if !pending.isEmpty {
            let part = rest.prefix(64 - pending.count)
            pending += part
            rest = rest.dropFirst(part.count)
            guard pending.count == 64 else { return }
            pending.withUnsafeBytes(compress)
            pending = []
        }
        while rest.count >= 64 {
            compress(UnsafeRawBufferPointer(rebasing: rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        pending += rest
    }

    mutating func finish(isBigEndian: Bool, _ compress: (UnsafeRawBufferPointer) -> Void) {
        let bits = count &* 8
        var padding: [UInt8] = [0x80]
        padding += [UInt8](repeating: 0, count: (119 - Int(count % 64)) % 64)
        withUnsafeBytes(of: isBigEndian ? bits.bigEndian : bits.littleEndian) { padding += $0 }
        padding.withUnsafeBytes { append($0, compress) }
    }
}

/// FIPS 180-4.
struct SHA256: Digest {
    private var buffer = BlockBuffer()
    private var state: [UInt32] = roots(of: 8, power: 2)

    private static let constants = roots(of: 64, power: 3)

    init() {}

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        buffer.append(bytes) { Self.compress(&state, $0) }
    }

    mutating func finish() -> String {
        buffer.finish(isBigEndian: true) { Self.compress(&state, $0) }
        return hexadecimal(state.map(\.bigEndian))
    }

    private static func compress(_ state: inout [UInt32], _ block: UnsafeRawBufferPointer) {
        var words = (0..<16).map { UInt32(bigEndian: block.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
        for index in 16..<64 {
            let (early, late) = (words[index - 15], words[index - 2])
            let first = early.rotated(25) ^ early.rotated(14) ^ early >> 3
            let second = late.rotated(15) ^ late.rotated(13) ^ late >> 10
            words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for index in 0..<64 {
            let sum = e.rotated(26) ^ e.rotated(21) ^ e.rotated(7)
            let first = h &+ sum &+ (e & f ^ ~e & g) &+ constants[index] &+ words[index]
            let second = (a.rotated(30) ^ a.rotated(19) ^ a.rotated(10)) &+ (a & b ^ a & c ^ b & c)
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
        }
        for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
    }

    /// The first 32 bits behind the point of the square or cube roots of the first primes.
    private static func roots(of count: Int, power: Int) -> [UInt32] {
        let primes = (2...).lazy.filter { number in !(2..<number).contains { number % $0 == 0 } }.prefix(count)
        return primes.map { prime in
            // The largest integer whose power is at most the prime times 2^(32 × power).
            var root: UInt64 = 0
            for bit in (0..<36).reversed() {
                let candidate = root | 1 << UInt64(bit)
                let (square, limit) = (candidate.multipliedFullWidth(by: candidate), UInt64(prime))
                let isSmall =
                    power == 2
                    ? square.high < limit || square.high == limit && square.low == 0
                    : cube(square, candidate) < limit
                if isSmall { root = candidate }
            }
            return UInt32(truncatingIfNeeded: root)
        }
    }

    /// The cube of a number of 36 bits, in units of 2^96.
    private static func cube(_ square: (high: UInt64, low: UInt64), _ number: UInt64) -> UInt64 {
        let low = square.low.multipliedFullWidth(by: number)
        return (square.high * number + low.high) >> 32
    }
}

/// RFC 1321. It tells whether a page has changed; it protects nothing.
struct MD5: Digest {
    private var buffer = BlockBuffer()
    private var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]

    private static let turns: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
    private static let constants = (1...64).map { UInt32(abs(sin(Double($0))) * 4_294_967_296) }

    init() {}

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        buffer.append(bytes) { Self.compress(&state, $0) }
    }

    mutating func finish() -> String {
        buffer.finish(isBigEndian: false) { Self.compress(&state, $0) }
        return hexadecimal(state.map(\.littleEndian))
    }

    private static func compress(_ state: inout [UInt32], _ block: UnsafeRawBufferPointer) {
        let words = (0..<16).map { UInt32(littleEndian: block.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        for index in 0..<64 {
            let mixed: UInt32
            let place: Int
            switch index / 16 {
            case 0: (mixed, place) = (b & c | ~b & d, index)
            case 1: (mixed, place) = (d & b | ~d & c, (5 * index + 1) % 16)
            case 2: (mixed, place) = (b ^ c ^ d, (3 * index + 5) % 16)
            default: (mixed, place) = (c ^ (b | ~d), 7 * index % 16)
            }
            let sum = a &+ mixed &+ constants[index] &+ words[place]
            (a, d, c, b) = (d, c, b, b &+ sum.rotated(turns[index / 16 * 4 + index % 4]))
        }
        for (index, value) in [a, b, c, d].enumerated() { state[index] &+= value }
    }
}

private func hexadecimal(_ words: [UInt32]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return words.withUnsafeBytes { bytes in
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension UInt32 {
    /// Turned to the left.
    fileprivate func rotated(_ count: UInt32) -> UInt32 { self << count | self >> (32 - count) }
}
