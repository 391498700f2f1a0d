import TestSupport

/// What Linux 6.1 sent, as `strace` saw it; only the sequence numbers are made to fit.
enum CapturedReplies {
    /// `ip address show`: 127.0.0.1/8 on device 1; 10.96.0.1/32 and 192.0.2.5 with the peer 192.0.2.6 on device 2.
    static let ipv4Addresses = """
        4c00000014000200048c066be5020000020880fe01000000080001007f000001080002007f000001070003006c6f00000800080080000000
        14000600ffffffffffffffff0f0100000f010000
        5400000014000200048c066be50200000220800002000000080001000a600001080002000a6000010d00030069707673796e633000000000
        080008008000000014000600ffffffffffffffffbf010000bf010000
        5400000014000200048c066be5020000022080000200000008000100c000020608000200c00002050d00030069707673796e633000000000
        080008008000000014000600ffffffffffffffffc6010000c6010000
        """
    /// `ip address show`: ::1/128 on device 1, 2001:db8::1/128 on device 2.
    static let ipv6Addresses = """
        5000000014000200048c066be50200000a8080fe01000000140001000000000000000000000000000000000114000600ffffffffffffffff
        1b0100001b010000080008008000000005000b0001000000
        4800000014000200048c066be50200000a808200020000001400010020010db800000000000000000000000114000600ffffffffffffffff
        c2010000c20100000800080082020000
        """
    /// `ip route show table local proto 218`: 10.97.0.0/16.
    static let ipv4Route = """
        3c00000018002200038c066be902000002100000ffdafe020000000008000f00ff000000080001000a61000008000600da00000008000400
        01000000
        """
    /// `ip -6 route show table local proto 218`: 2001:db8:1::/64.
    static let ipv6Route = """
        7400000018002200038c066bed0200000a400000ffda00020000000008000f00ff0000001400010020010db8000100000000000000000000
        08000600da000000080004000100000024000c00000000000000000000000000000000000000000000000000000000000000000005001400
        00000000
        """
    /// `conntrack -L -f ipv6`: UDP from [2001:db8::1]:4000 to [2001:db8::2]:53.
    static let ipv6Flow = """
        f000000000012200 0a8c066b15030000 0a0000004c000180 2c00018014000300 20010db800000000 0000000000000001
        1400040020010db8 0000000000000000 000000021c000280 0500010011000000 060002000fa00000 0600030000350000
        4c0002802c000180 1400030020010db8 0000000000000000 0000000214000400 20010db800000000 0000000000000001
        1c00028005000100 1100000006000200 0035000006000300 0fa0000008000300 0000000808000800 0000000008000c00
        3ced61d408000b00 0000000108000700 0000003b1c001880 0800010000000000 0800020000000000 0800030000000000
        """

    /// The bytes with that sequence number in each message.
    static func bytes(_ text: String, sequence: UInt32) -> [UInt8] {
        var bytes = WireBytes.hex(text)
        var offset = 0
        while offset + 16 <= bytes.count {
            bytes.replaceSubrange((offset + 8)..<(offset + 12), with: WireBytes.little(sequence))
            offset += max(16, (Int(WireBytes.uint32(bytes, at: offset)) + 3) & ~3)
        }
        return bytes
    }

    /// A message about a device, written by hand: the kernel's has a kilobyte of what nobody reads.
    static func link(
        _ index: UInt32, _ name: String, kind: String? = nil, alias: String? = nil, isUp: Bool = true, sequence: UInt32
    ) -> [UInt8] {
        func text(_ type: UInt16, _ text: String) -> [UInt8] { WireBytes.attribute(type, Array(text.utf8) + [0]) }
        let flags: UInt32 = isUp ? 0x10083 : 0x82
        let header =
            [0, 0] + WireBytes.little(UInt16(1)) + WireBytes.little(index) + WireBytes.little(flags)
            + WireBytes.little(UInt32(0))
        return WireBytes.message(
            type: 16, flags: 2, sequence: sequence,
            header + text(3, name) + (alias.map { text(20, $0) } ?? [])
                + (kind.map { WireBytes.attribute(18, text(1, $0)) } ?? []))
    }
}
