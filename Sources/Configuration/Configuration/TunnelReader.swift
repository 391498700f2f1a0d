import Documents
import LoadBalancing

extension ValueKind where Value == Tunnel {
    /// An encapsulation with the options that go with it.
    static var tunnel: Self {
        .object(.tunnel) { reader in
            let port = reader(Fields.tunnelPort)
            let checksum = reader(Fields.tunnelChecksum) ?? .none
            let type = reader(Fields.tunnelType)
            if let type, type != .gue, reader.has("port") {
                reader.scope.report(reader.place(of: "port"), "port is only for gue", "leave it out")
            }
            if type == .ipip, reader.has("checksum") {
                reader.scope.report(
                    reader.place(of: "checksum"), "checksum is only for gue and gre", "leave it out")
            }
            switch type {
            case .gue:
                guard let port else {
                    guard !reader.has("port") else { return nil }
                    reader.scope.report(reader.node, "gue needs a port", "write `port: 6080`")
                    return nil
                }
                return .gue(port: port, checksum: checksum)
            case .gre:
                guard checksum != .remote else {
                    reader.scope.report(
                        reader.place(of: "checksum"), "remcsum is only for gue", "write nocsum or csum")
                    return nil
                }
                return .gre(checksum: checksum)
            case .ipip: return .ipip
            case nil: return nil
            }
        }
    }
}
