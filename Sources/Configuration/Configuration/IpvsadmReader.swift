import LoadBalancing

/// Carries the rules of a dump or a script out, on a table in memory.
struct IpvsadmReader {
    private struct Entry {
        let line: Int
        var virtualServer: VirtualServer
        var realServers: [Endpoint: RealServer] = [:]
    }

    private let problems: Problems
    private var entries: [VirtualServerKey: Entry] = [:]
    private var timeouts: ConnectionTimeouts?
    private var daemons: [SyncDaemon.Role: SyncDaemon]?
    /// Virtual servers whose lines are wrong, as key and as text: nothing more is said of their real servers.
    private var refusedKeys: Set<VirtualServerKey> = []
    private var refusedTexts: Set<String> = []
    /// The lines of virtual servers whose protocol the dump does not tell, by their text.
    private var unknown: [String: [String]] = [:]
    private var hasRules = false
    private var hasThresholds = false
    private var remarks = IpvsadmRemarks()

    init(file: String) { problems = Problems(file: file) }

    mutating func read(_ text: Substring, line: Int) {
        // A comment may follow a rule, which ipvsadm's own manual promises.
        let words = Array(
            text.split { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\r\n" }.prefix { !$0.hasPrefix("#") })
        guard !words.isEmpty else { return }
        hasRules = true
        let rule = IpvsadmRule(words)
        if let service = rule.service, rule.has(.unknownService) {
            return unknown[service, default: []].append(words.joined(separator: " "))
        }
        do throws(Complaint) {
            if let complaint = rule.complaint { throw complaint }
            try carryOut(rule, line)
        } catch {
            report(error, of: rule, line)
        }
    }

    /// What the rules make, sorted.
    func dump() throws(ConfigurationErrors) -> IpvsadmDump {
        guard problems.errors.isEmpty else { throw problems.errors }
        guard hasRules else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: problems.file, problem: "it holds no rule",
                    remedy: "write -C if you mean an empty table; `ipvsadm -Sn` on an empty table writes nothing")
            ])
        }
        let servers = entries.values.sorted { $0.virtualServer.key < $1.virtualServer.key }.map { entry in
            DesiredVirtualServer(
                entry.virtualServer, realServers: entry.realServers.values.sorted { $0.endpoint < $1.endpoint })
        }
        var notes = remarks.notes
        if !hasThresholds, !servers.isEmpty { notes.append(IpvsadmRemarks.thresholds) }
        return IpvsadmDump(
            state: DesiredState(
                virtualServers: servers, timeouts: timeouts,
                syncDaemons: daemons.map { $0.values.sorted { $0.role < $1.role } }),
            notes: notes,
            leftOut: unknown.sorted { $0.key < $1.key }.map { service, lines in
                LeftOut(
                    reason: "\(service): ipvsadm has no name for its protocol, so the dump has lost it", lines: lines)
            })
    }
}

// MARK: - Rules

extension IpvsadmReader {
    private mutating func carryOut(_ rule: IpvsadmRule, _ line: Int) throws(Complaint) {
        guard let command = try rule.only(of: IpvsadmOption.commands) else {
            throw Complaint(field: "", problem: "neither -A nor -a", remedy: "begin a rule with -A or -a")
        }
        try rule.check(options: command)
        switch command {
        case .addService, .editService: try put(rule.virtualServer(), rule, command, line)
        case .addServer, .editServer: try put(rule.realServer(under: rule.key()), rule, command, line)
        case .deleteService:
            let key = try rule.key()
            guard entries.removeValue(forKey: key) == nil else { return }
            report("virtual server \(key)", missing: key, line)
        case .deleteServer:
            let key = try rule.key()
            let endpoint = try rule.realServerAddress(under: key).endpoint
            guard entries[key]?.realServers.removeValue(forKey: endpoint) == nil else { return }
            report("virtual server \(key), real server \(endpoint)", missing: key, line)
        case .clear: entries = [:]
        case .set:
            let set = try rule.timeouts()
            let known = timeouts ?? ConnectionTimeouts()
            timeouts = ConnectionTimeouts(
                tcp: set.tcp ?? known.tcp, tcpFin: set.tcpFin ?? known.tcpFin, udp: set.udp ?? known.udp)
        case .startDaemon:
            let daemon = try rule.syncDaemon()
            daemons = (daemons ?? [:]).merging([daemon.role: daemon]) { $1 }
        case .stopDaemon:
            let role = try rule.role(.stopDaemon)
            daemons = (daemons ?? [:]).filter { $0.key != role }
        default: break
        }
    }

    private mutating func put(
        _ virtualServer: VirtualServer, _ rule: IpvsadmRule, _ command: IpvsadmOption, _ line: Int
    ) throws(Complaint) {
        let key = virtualServer.key
        switch (command, entries[key]) {
        case (.addService, let known?):
            problems.report(
                line: line, object: "virtual server \(key)", "it is added twice, first in line \(known.line)",
                "keep one of the two")
        case (.addService, nil): entries[key] = Entry(line: line, virtualServer: virtualServer)
        case (_, _?): entries[key]?.virtualServer = virtualServer
        case (_, nil): report("virtual server \(key)", missing: key, line)
        }
        remarks.add(virtualServer, rule, line)
    }

    private mutating func put(
        _ realServer: RealServer, _ rule: IpvsadmRule, _ command: IpvsadmOption, _ line: Int
    ) throws(Complaint) {
        let key = try rule.key()
        let object = "virtual server \(key), real server \(realServer.endpoint)"
        guard let entry = entries[key] else { return report(object, missing: key, line) }
        let isKnown = entry.realServers[realServer.endpoint] != nil
        if command == .addServer, isKnown {
            return problems.report(line: line, object: object, "it is added twice", "keep one of the two")
        }
        if command == .editServer, !isKnown { return report(object, missing: key, line) }
        entries[key]?.realServers[realServer.endpoint] = realServer
        for complaint in realServer.complaints(under: key) {
            problems.report(line: line, object: object, complaint.problem, complaint.remedy)
        }
        if rule.has(.upperThreshold) || rule.has(.lowerThreshold) { hasThresholds = true }
        remarks.add(realServer, try rule.realServerAddress(under: key), rule, under: key, line)
    }
}

// MARK: - Problems

extension IpvsadmReader {
    /// Reports what is wrong with a line, unless only the virtual server is, of which it was said before.
    private mutating func report(_ complaint: Complaint, of rule: IpvsadmRule, _ line: Int) {
        let key = Self.key(of: rule)
        let text = rule.service
        let isAboutService = [.addServer, .editServer, .deleteServer].contains { rule.has($0) } && key == nil
        if isAboutService, let text, refusedTexts.contains(text) { return }
        let addsService = rule.has(.addService) || rule.has(.editService)
        if addsService || isAboutService {
            if let text { refusedTexts.insert(text) }
            if let key { refusedKeys.insert(key) }
        }
        let object = addsService ? key.map { "virtual server \($0)" } : nil
        problems.report(line: line, object: object, complaint.problem, complaint.remedy)
    }

    private static func key(of rule: IpvsadmRule) -> VirtualServerKey? {
        do throws(Complaint) { return try rule.key() } catch { return nil }
    }

    /// Reports what no rule before the line has added, unless its `-A` was refused.
    private mutating func report(_ object: String, missing key: VirtualServerKey, _ line: Int) {
        guard !refusedKeys.contains(key) else { return }
        guard entries[key] == nil else {
            return problems.report(line: line, object: object, "no -a before it adds the real server", "add it with -a")
        }
        // Of many real servers, one line is enough.
        refusedKeys.insert(key)
        problems.report(
            line: line, object: object, "no -A before it adds the virtual server",
            "add `-A` for it, with the same address and port")
    }
}

extension IpvsadmRule {
    /// Refuses the options that are not for the command.
    fileprivate func check(options command: IpvsadmOption) throws(Complaint) {
        let allowed: [IpvsadmOption] =
            switch command {
            case .addService, .editService, .addServer, .editServer, .list, .zero: IpvsadmOption.ofServers
            case .deleteService, .deleteServer: IpvsadmOption.services + [.ipv6, .realServer]
            case .startDaemon, .stopDaemon: IpvsadmOption.ofDaemons
            default: []
            }
        let stranger = options.first { $0.option != command && !allowed.contains($0.option) && $0.option != .numeric }
        if let stranger {
            throw Complaint(
                field: stranger.option.name, problem: "\(stranger.option.name) is not for \(command.name)",
                remedy: "leave it out")
        }
    }
}
