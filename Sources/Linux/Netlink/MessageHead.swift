internal import CNetlink

/// What stands in front of a message's attributes: its type, its flags, and the fixed header of its family.
///
/// The header is a structure of the kernel's (`genlmsghdr`, `ifinfomsg`, `ifaddrmsg`, `rtmsg`, `nfgenmsg`), kept here
/// without a heap allocation, for a batch has one for each message.
package struct MessageHead: Sendable {
    /// The message's type: a generic netlink family's number, `RTM_*`, or a subsystem and its message.
    package let type: UInt16
    /// Flags beside `NLM_F_REQUEST`, such as `NLM_F_CREATE | NLM_F_EXCL`.
    package let flags: UInt16
    /// The header's bytes in the order of memory, filled up with zeros.
    let header: (UInt64, UInt64)
    /// How many of them count: a multiple of 4.
    let headerLength: Int

    /// - Parameters:
    ///   - flags: `NLM_F_*` beside `NLM_F_REQUEST`.
    ///   - header: The family's structure: 16 bytes at most, and of more than that the first 16.
    package init<Header: BitwiseCopyable>(type: UInt16, flags: Int32 = 0, header: Header) {
        self.type = type
        self.flags = UInt16(truncatingIfNeeded: flags)
        var bytes: (UInt64, UInt64) = (0, 0)
        headerLength = withUnsafeMutableBytes(of: &bytes) { room in
            withUnsafeBytes(of: header) { source in
                let count = min(source.count, room.count)
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
                return (count + 3) & ~3
            }
        }
        self.header = bytes
    }
}
