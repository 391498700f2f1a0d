package import LoadBalancing

/// Something that cannot be declared, with the reason and the lines that would show it.
struct LeftOut: Hashable {
    let reason: String
    let lines: [String]
}

/// A table as a configuration that reads back as it stands. What cannot be declared becomes a comment with the reason.
package struct ImportedTable {
    private var desired = DesiredState()
    private var leftOut: [LeftOut] = []
    /// What people should know of the result, one line each.
    package private(set) var notes: [String] = []

    /// How many reasons are given for one virtual server.
    private static let maximumReasons = 3

    /// What the kernel holds.
    ///
    /// - Parameter syncDaemons: Whether the synchronisation daemons are declared, which others may have started.
    package init(_ observed: ObservedState, syncDaemons: Bool = false) {
        self.init(DesiredState(observed), syncDaemons: syncDaemons)
        for server in observed.virtualServers where server.otherFlags != 0 {
            notes.append(
                "\(server.key) has the flags 0x\(String(server.otherFlags, radix: 16)) beside: ipvsync cannot declare "
                    + "them, and leaves them as they are")
        }
    }

    /// What rules of ipvsadm make.
    package init(_ dump: IpvsadmDump, syncDaemons: Bool = false) {
        self.init(dump.state, syncDaemons: syncDaemons)
        leftOut += dump.leftOut
        notes += dump.notes
    }

    private init(_ state: DesiredState, syncDaemons: Bool) {
        add(state.virtualServers)
        if let timeouts = state.timeouts {
            if let reason = Self.reason(DesiredState(timeouts: timeouts)) {
                leaveOut("timeouts: \(reason)", DesiredState(timeouts: timeouts))
            } else {
                desired.timeouts = timeouts
            }
        }
        guard let daemons = state.syncDaemons, !daemons.isEmpty || syncDaemons else { return }
        let declared = DesiredState(syncDaemons: daemons)
        let reason =
            syncDaemons ? Self.reason(declared) : "import takes them with --sync-daemons; keepalived starts its own"
        if let reason {
            leaveOut("synchronisation daemons: \(reason)", declared)
        } else {
            desired.syncDaemons = daemons
        }
    }

    /// The file.
    package func yaml() -> String {
        var text = ""
        for note in notes { text += Self.comment(note) }
        if !leftOut.isEmpty { text += Self.comment("Left out, with the reason: \(leftOut.count), at the end.") }
        if !text.isEmpty { text += "\n" }
        text += Configuration(desired: desired).yaml()
        for entry in leftOut {
            text += "\n" + Self.comment(entry.reason)
            for line in entry.lines { text += Self.comment("  " + line) }
        }
        return text
    }

    /// One line for each thing that is left out.
    package var omissions: [String] { leftOut.map { "left out: \(Self.singleLine($0.reason))" } }
}

// MARK: - What can be declared

extension ImportedTable {
    private mutating func add(_ servers: [DesiredVirtualServer]) {
        guard Self.reason(DesiredState(virtualServers: servers)) != nil else {
            desired.virtualServers = servers
            return
        }
        for server in servers {
            let declared = DesiredState(virtualServers: [server])
            if let reason = Self.reason(declared) {
                leaveOut("\(server.key): \(reason)", declared)
            } else {
                desired.virtualServers.append(server)
            }
        }
    }

    private mutating func leaveOut(_ reason: String, _ state: DesiredState) {
        let lines = Configuration(desired: state).yaml().split(separator: "\n").map(String.init)
        leftOut.append(LeftOut(reason: reason, lines: lines.filter { !$0.hasPrefix("virtualServers:") }))
    }

    /// Why a state does not read back from its configuration as it stands; `nil` when it does.
    private static func reason(_ state: DesiredState) -> String? {
        do throws(ConfigurationErrors) {
            let read = try Configuration.parse(Configuration(desired: state).yaml(), file: "import").desired
            return read == state ? nil : "a configuration cannot tell it from another"
        } catch {
            var reasons: [String] = []
            for found in error.errors where !reasons.contains(found.problem) { reasons.append(found.problem) }
            let more = reasons.count - maximumReasons
            return reasons.prefix(maximumReasons).joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
        }
    }
}

// MARK: - Comments

extension ImportedTable {
    private static func comment(_ text: String) -> String { "# \(singleLine(text))\n" }

    /// Names come from the kernel, where others put them: nothing of them may end the comment.
    private static func singleLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: "?"
                    default: scalar
                    }
                }))
    }
}

extension DesiredState {
    /// The declaration of what the kernel holds, as far as it can be declared.
    package init(_ observed: ObservedState) {
        self.init(
            virtualServers: observed.virtualServers.map { server in
                DesiredVirtualServer(
                    server.virtualServer,
                    realServers: server.realServers.map { $0.realServer.declared(under: server.key) })
            }, timeouts: observed.timeouts, syncDaemons: observed.syncDaemons)
    }
}

extension RealServer {
    /// With a method that can be declared for the kernel's mark of a local one, which all methods match.
    fileprivate func declared(under key: VirtualServerKey) -> RealServer {
        guard forwarding == .local else { return self }
        var declared = self
        declared.forwarding = key.transportProtocol != nil && endpoint.port != key.port ? .masquerade : .direct
        return declared
    }
}
