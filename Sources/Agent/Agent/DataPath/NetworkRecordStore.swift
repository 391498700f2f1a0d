package import NodeNetwork

/// Where the record of one network namespace is kept between two runs.
package protocol NetworkRecordKeeping: Sendable {
    /// The record; `nil` when nothing was made in this boot. A corrupt one counts as none and is moved aside.
    ///
    /// - Parameter isPreview: Whether it stays where it is.
    func load(isPreview: Bool) throws(StateError) -> NetworkRecord?

    /// Replaces the record.
    func save(_ record: NetworkRecord) throws(StateError)

    /// Removes the record.
    func remove() throws(StateError)
}

/// Keeps the record of one network namespace in a file beside the ledger. No file: nothing was made.
package struct NetworkRecordStore: NetworkRecordKeeping {
    private let directory: String
    private let identity: StateIdentity

    private static let heading = "ipvsync network 1"

    package init(directory: String, identity: StateIdentity) {
        self.directory = directory
        self.identity = identity
    }

    package var path: String { "\(directory)/network-\(identity.namespace)" }
    private var file: StateFile { StateFile(path: path) }

    /// The record; `nil` when nothing was made in this boot. A corrupt one counts as none and is moved aside.
    ///
    /// - Parameter isPreview: Whether it stays where it is.
    package func load(isPreview: Bool = false) throws(StateError) -> NetworkRecord? {
        guard let text = try file.read() else { return nil }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        guard lines.popLast() == [""], lines.popLast() == ["end"], lines.count >= 2, lines[0].count == 3,
            lines[0][0] == Self.heading, lines[1].count == 2, lines[1][0] == "device"
        else {
            if !isPreview { try file.setAside() }
            return nil
        }
        guard lines[0][1] == identity.boot, lines[0][2] == identity.namespace else { return nil }
        var record = NetworkRecord(device: lines[1][1])
        for line in lines[2...] {
            switch (line[0], line.count) {
            case ("former", 2): record.formerDevices.insert(line[1])
            case ("sysctl", 4): record.sysctls[line[1]] = SysctlChange(key: line[1], old: line[2], new: line[3])
            default:
                if !isPreview { try file.setAside() }
                return nil
            }
        }
        return record
    }

    package func save(_ record: NetworkRecord) throws(StateError) {
        try StateFile.makeDirectory(directory)
        var text = "\(Self.heading)\t\(identity.boot)\t\(identity.namespace)\ndevice\t\(record.device)\n"
        for name in record.formerDevices.sorted() { text += "former\t\(name)\n" }
        for change in record.sysctls.values.sorted(by: { $0.key < $1.key }) {
            // Settings of several numbers are separated by tabs, in /proc and nowhere else.
            text +=
                ["sysctl", change.key, change.old, change.new].map { $0.replacing("\t", with: " ") }
                .joined(separator: "\t") + "\n"
        }
        try file.replace(with: Array((text + "end\n").utf8))
    }

    package func remove() throws(StateError) { try file.remove() }
}

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
