/// The settings to change, and those that this kernel does not know.
package struct SysctlPlan: Hashable, Sendable {
    /// In the order in which they are wanted.
    package let changes: [SysctlChange]
    /// Keys that are wanted and do not exist: an older kernel, or a module that is not loaded.
    package let missing: [String]

    /// The plan from what is read to what is wanted.
    ///
    /// - Parameter read: The value of a key; `nil` when there is no such key.
    package static func between<Failure: Error>(
        wanted: [Sysctl], read: (String) throws(Failure) -> String?
    ) throws(Failure) -> SysctlPlan {
        var changes: [SysctlChange] = []
        var missing: [String] = []
        for setting in wanted {
            guard let current = try read(setting.key) else {
                missing.append(setting.key)
                continue
            }
            if !setting.isSatisfied(by: current) {
                changes.append(SysctlChange(key: setting.key, old: current, new: setting.value))
            }
        }
        return SysctlPlan(changes: changes, missing: missing)
    }
}
