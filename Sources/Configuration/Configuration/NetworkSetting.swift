package import DataPath

/// Whether what Services need beside IPVS is taken care of.
package enum NetworkSetting: Hashable, Sendable {
    /// Only IPVS is touched.
    case off
    case on(DataPathSettings)

    /// What the node is to have; `nil` when it is left alone.
    package var options: DataPathSettings? {
        guard case .on(let options) = self else { return nil }
        return options
    }
}
