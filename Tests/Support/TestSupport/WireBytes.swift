/// Netlink bytes written by hand, as a witness that shares nothing with the code under test.
package enum WireBytes {
    /// A message: header and payload, padded.
    package static func message(
        type: UInt16, flags: UInt16 = 0, sequence: UInt32, _ payload: [UInt8]
    ) -> [UInt8] {
        padded(
            little(UInt32(16 + payload.count)) + little(type) + little(flags) + little(sequence) + little(UInt32(0))
                + payload)
    }

    /// A generic netlink message with those attributes.
    package static func reply(
        sequence: UInt32, flags: UInt16 = 2, command: UInt8 = 1, _ attributes: [UInt8]
    ) -> [UInt8] {
        message(type: 0x20, flags: flags, sequence: sequence, [command, 1, 0, 0] + attributes)
    }

    /// An acknowledgement (errno 0) or an error; capped, with an explanation if one is given.
    package static func verdict(_ errno: Int32, sequence: UInt32, explanation: String? = nil) -> [UInt8] {
        let header =
            little(UInt32(36)) + little(UInt16(0x20)) + little(UInt16(5)) + little(sequence) + little(UInt32(0))
        let text = explanation.map { attribute(1, Array($0.utf8) + [0]) } ?? []
        let flags: UInt16 = explanation == nil ? 0x100 : 0x300
        return message(type: 2, flags: flags, sequence: sequence, little(UInt32(bitPattern: -errno)) + header + text)
    }

    /// The end of a dump.
    package static func done(_ errno: Int32 = 0, sequence: UInt32, flags: UInt16 = 2) -> [UInt8] {
        message(type: 3, flags: flags, sequence: sequence, little(UInt32(bitPattern: -errno)))
    }

    /// An attribute, padded.
    package static func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        padded(little(UInt16(4 + payload.count)) + little(type) + payload)
    }

    /// An integer's bytes, lowest first.
    package static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    package static func uint32(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }

    /// Bytes from hexadecimal digits; anything else is passed over.
    package static func hex(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }
}
