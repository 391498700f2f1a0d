internal import IPVS

extension IPVSClient {
    /// The kernel's tables, once the kernel has let us ask something: who may not is told so before anything else.
    static func opened() throws -> IPVSClient {
        let client = try IPVSClient()
        _ = try client.information()
        return client
    }
}
