/// What the kernel says of its IPVS (`IPVS_CMD_GET_INFO`).
package struct KernelInformation: Hashable, Sendable {
    /// `1.2.1` for every kernel since 2008.
    package let version: String
    /// Buckets of the connection table.
    package let connectionTableSize: UInt32

    /// From the packed version number: one byte each for major, minor and patch level.
    init(versionNumber: UInt32, connectionTableSize: UInt32) {
        version = "\(versionNumber >> 16 & 0xFF).\(versionNumber >> 8 & 0xFF).\(versionNumber & 0xFF)"
        self.connectionTableSize = connectionTableSize
    }
}
