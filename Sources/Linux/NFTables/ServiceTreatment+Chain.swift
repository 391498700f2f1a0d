internal import DataPath

extension ServiceTreatment {
    /// Every treatment that there is.
    static let all = Masquerade.allCases.map { ServiceTreatment($0) }

    /// The chain that new connections go to.
    var chainName: String { masquerade.chainName }
}

extension ServiceTreatment.Masquerade {
    var chainName: String {
        switch self {
        case .never: "direct"
        case .node: "local"
        case .outsidePods: "cluster_ip"
        case .always: "external"
        }
    }
}
