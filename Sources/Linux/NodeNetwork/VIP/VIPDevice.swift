/// Whose the device is that bears the name of ours.
package enum VIPDevice: Hashable, Sendable {
    /// There is none of that name.
    case missing
    /// A dummy device that we made, as its alias says.
    case ours(isUp: Bool)
    /// Somebody else made it: nothing of it is ever touched.
    case foreign

    /// The name unless another is configured.
    package static let defaultName = "ipvsync0"
    /// The alias (`IFLA_IFALIAS`) by which a device is ours.
    package static let alias = "ipvsync"
    /// The kind of device (`IFLA_INFO_KIND`): it takes packets and carries none.
    package static let kind = "dummy"
}
