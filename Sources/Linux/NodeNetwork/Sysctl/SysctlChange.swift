/// A kernel setting that changes.
package struct SysctlChange: Hashable, Sendable {
    /// The path below `/proc/sys`.
    package let key: String
    package let old: String
    package let new: String

    package init(key: String, old: String, new: String) {
        self.key = key
        self.old = old
        self.new = new
    }

    /// The change that takes this one back.
    package var undone: SysctlChange { SysctlChange(key: key, old: new, new: old) }
}

extension SysctlChange: CustomStringConvertible {
    /// `set net.ipv4.ip_forward to 1 (it is 0)`.
    package var description: String { "set \(Sysctl.name(of: key)) to \(new) (it is \(old))" }
}
