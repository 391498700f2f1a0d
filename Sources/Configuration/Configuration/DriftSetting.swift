/// What an agent does about the work of others on what is ours.
package enum DriftSetting: String, Hashable, Sendable, CaseIterable {
    /// It is put right.
    case repair
    /// It is told of and counted.
    case report
    /// Nobody looks for it.
    case ignore

    package static let standard = repair
}
