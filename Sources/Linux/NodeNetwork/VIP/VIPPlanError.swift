/// Why there is no plan.
package enum VIPPlanError: Error, Hashable, Sendable {
    /// A device of our device's name is somebody else's.
    case deviceIsForeign(name: String)
}

extension VIPPlanError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .deviceIsForeign(let name):
            "there is a device \(name) that ipvsync has not made (it is no dummy device with the alias "
                + "“\(VIPDevice.alias)”): remove or rename it, or configure another name"
        }
    }
}
