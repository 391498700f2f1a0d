/// Which share of what is owned one synchronisation may remove before it is held.
package enum RemovalGuardSetting: Hashable, Sendable {
    /// Removes whatever is no longer declared.
    case off
    /// Holds removals of more than `share` (0…1) of the owned, once they are more than `minimum`.
    case limit(share: Double, minimum: UInt32)

    /// Half of the owned, once that is more than 10.
    package static let standard = RemovalGuardSetting.limit(share: 0.5, minimum: 10)
}
