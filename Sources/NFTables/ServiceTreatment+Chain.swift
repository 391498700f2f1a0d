internal import DataPath

extension ServiceTreatment {
    /// Every treatment that there is.
    static let all = Masquerade.allCases.flatMap {
        [ServiceTreatment($0), ServiceTreatment($0, isRestricted: true)]
    }

    /// The chain that new connections go to.
    var chainName: String { isRestricted ? "restricted_\(masquerade.chainName)" : masquerade.chainName }
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
