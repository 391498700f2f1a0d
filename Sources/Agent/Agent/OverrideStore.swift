package import HealthChecks
package import LoadBalancing

/// Keeps overrides by hand over restarts of the agent, in a file beside the ledger. It ends with the boot.
package struct OverrideStore: Sendable {
    private let directory: String
    private let identity: StateIdentity

    package init(directory: String, identity: StateIdentity) {
        self.directory = directory
        self.identity = identity
    }

    package var path: String { "\(directory)/overrides-\(identity.namespace)" }

    private var file: StateFile { StateFile(path: path) }

    /// Far beyond as many overrides as there may be.
    private static let maximumSize = 1 << 20

    /// Replaces what is kept.
    package func save(_ overrides: Overrides, now: ContinuousClock.Instant = .now) throws(StateError) {
        try StateFile.makeDirectory(directory)
        let text = OverrideFormat.render(overrides, identity, now: now, bootMilliseconds: BootClock().milliseconds)
        try file.replace(with: Array(text.utf8))
    }

    /// What was kept, less what is over; a file of another boot says nothing. One that makes no sense is put aside.
    ///
    /// - Returns: With why nothing of the file is used.
    package func load(now: ContinuousClock.Instant = .now) -> (Overrides, problem: StateError?) {
        do throws(StateError) {
            guard let text = try file.read(limit: Self.maximumSize) else { return (Overrides(), nil) }
            switch OverrideFormat.parse(text, identity, now: now, bootMilliseconds: BootClock().milliseconds) {
            case .overrides(let overrides):
                return (Overrides(overrides.filter { $0.until.map { $0 > now } ?? true }), nil)
            case .otherIdentity: return (Overrides(), nil)
            case .corrupt(let line):
                try file.setAside()
                let remedy = "it was kept as \(path).corrupt; no override holds any more: see 'ipvsync drain --help'"
                return (Overrides(), StateError(.corrupt(line: line), path: path, remedy: remedy))
            }
        } catch {
            return (Overrides(), error)
        }
    }
}

/// Overrides as lines of text, their fields separated by tabs: a heading, one line for each, and at the end their number.
package enum OverrideFormat {
    private static let heading = "ipvsync overrides 1"

    package enum Outcome {
        case overrides([Override])
        /// It belongs to another boot or another network namespace, and says nothing of this one.
        case otherIdentity
        case corrupt(line: Int)
    }

    /// - Parameter boot: The time since boot, in milliseconds: times in the file are counted from there.
    package static func render(
        _ overrides: Overrides, _ identity: StateIdentity, now: ContinuousClock.Instant, bootMilliseconds boot: UInt64
    ) -> String {
        func time(_ instant: ContinuousClock.Instant) -> String {
            "\(max(0, Int64(clamping: boot) + Int64(now.duration(to: instant) / .milliseconds(1))))"
        }
        let lines = overrides.all.map { override in
            let weight: String =
                if case .weight(let weight) = override.action { "\(weight)" } else { "" }
            let fields = [
                override.kind.rawValue, weight, override.target.realServer,
                override.target.virtualServer?.description ?? "", time(override.since), override.until.map(time) ?? "",
                "\(override.author.user)", "\(override.author.process)",
            ]
            return fields.joined(separator: "\t") + "\n"
        }
        return "\(heading)\t\(identity.boot)\t\(identity.namespace)\n" + lines.joined() + "end\t\(lines.count)\n"
    }

    package static func parse(
        _ text: String, _ identity: StateIdentity, now: ContinuousClock.Instant, bootMilliseconds boot: UInt64
    ) -> Outcome {
        let lines = text.split(separator: "\n")
        let head = lines.first?.split(separator: "\t", omittingEmptySubsequences: false) ?? []
        guard head.count == 3, head[0] == heading else { return .corrupt(line: 1) }
        guard lines.last == "end\t\(lines.count - 2)", lines.count - 2 <= Overrides.maximumCount else {
            return .corrupt(line: lines.count)
        }
        guard head[1] == identity.boot, head[2] == identity.namespace else { return .otherIdentity }
        let origin = now - .milliseconds(Int64(clamping: boot))
        var overrides: [Override] = []
        var targets: Set<Override.Target> = []
        for (index, line) in lines.enumerated().dropFirst().dropLast() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard let override = override(fields, origin, boot), targets.insert(override.target).inserted else {
                return .corrupt(line: index + 1)
            }
            overrides.append(override)
        }
        return .overrides(overrides)
    }

    /// - Parameter origin: The time of the boot.
    private static func override(
        _ fields: [Substring], _ origin: ContinuousClock.Instant, _ boot: UInt64
    ) -> Override? {
        guard fields.count == 8, let action = action(fields[0], fields[1]), let realServer = RealServerText(fields[2]),
            let since = UInt64(fields[4]), since <= boot, let user = UInt32(fields[6]), let process = Int32(fields[7])
        else { return nil }
        var key: VirtualServerKey?
        if !fields[3].isEmpty {
            key = VirtualServerKey(fields[3])
            guard key != nil else { return nil }
        }
        var until: ContinuousClock.Instant?
        if !fields[5].isEmpty {
            guard let milliseconds = UInt64(fields[5]), milliseconds >= since,
                Duration.milliseconds(Int64(clamping: milliseconds - since)) <= OverrideOrder.longest
            else { return nil }
            until = origin + .milliseconds(Int64(clamping: milliseconds))
        }
        return Override(
            action, of: Override.Target(realServer.address, port: realServer.port, in: key),
            since: origin + .milliseconds(Int64(clamping: since)), until: until,
            by: Override.Author(user: user, process: process))
    }

    private static func action(_ kind: Substring, _ weight: Substring) -> Override.Action? {
        switch Override.Kind(rawValue: String(kind)) {
        case .drain: return weight.isEmpty ? .drain : nil
        case .weight:
            guard let weight = UInt32(weight), weight <= RealServer.maximumWeight else { return nil }
            return .weight(weight)
        case nil: return nil
        }
    }
}

/// A real server as people name it: an address for every port, or an address with a port.
package struct RealServerText: Hashable, Sendable {
    package let address: IPAddress
    package let port: UInt16?

    /// Reads `198.51.100.1`, `198.51.100.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
    package init?(_ text: some StringProtocol) {
        if let endpoint = Endpoint(text) {
            (address, port) = (endpoint.address, endpoint.port)
        } else if let address = IPAddress(String(text)) {
            (self.address, port) = (address, nil)
        } else {
            return nil
        }
    }
}

extension LedgerStore {
    /// What operators have said by hand.
    package var overrides: OverrideStore { OverrideStore(directory: directory, identity: identity) }
}
