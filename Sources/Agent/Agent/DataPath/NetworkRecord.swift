package import NodeNetwork

/// What ipvsync has made of a node's network, to be taken back one day.
package struct NetworkRecord: Hashable, Sendable {
    /// The device that carries addresses.
    package var device: String
    /// Devices that carried them under other configurations and may still be there.
    package var formerDevices: Set<String>
    /// The kernel's settings that were changed, by key, with what they were before.
    package var sysctls: [String: SysctlChange]

    package init(
        device: String, sysctls: [String: SysctlChange] = [:], formerDevices: Set<String> = []
    ) {
        self.device = device
        self.sysctls = sysctls
        self.formerDevices = formerDevices
    }

    /// Takes note of the device that is wanted now.
    mutating func note(device name: String) {
        if name != device { formerDevices.insert(device) }
        formerDevices.remove(name)
        device = name
    }

    /// Takes note of changes that are about to be made: what a setting was before the first of them counts.
    mutating func note(_ changes: [SysctlChange]) {
        for change in changes {
            let old = sysctls[change.key]?.old ?? change.old
            sysctls[change.key] = SysctlChange(key: change.key, old: old, new: change.new)
        }
    }
}
