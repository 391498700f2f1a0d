internal import DataPath
internal import Documents
internal import LoadBalancing

/// A KubeProxyConfiguration (`kubeproxy.config.k8s.io/v1alpha1`) read as ipvsync's configuration.
package struct KubeProxyConfiguration {
    /// Something that is said of a key: that it does not carry over, or what takes its place.
    package struct Note: Hashable, Sendable, CustomStringConvertible {
        package let place: SourcePlace
        /// `ipvs.strictARP`.
        package let key: String
        package let text: String

        package var description: String { "\(place): \(key): \(text)" }
    }

    package private(set) var configuration = Configuration(desired: DesiredState())
    /// In the order of the file.
    package private(set) var notes: [Note] = []
    private let file: String
    private var errors = ConfigurationErrors()
    private var services = ServiceDefaults()
    private var timeouts = ConnectionTimeouts()
    private var network = DataPathSettings()
    private var rules = FirewallSettings()
    private var healthz: ListeningPlace?
    private var metrics: ListeningPlace?

    /// Reads a file's bytes; pure, and safe for any bytes.
    package init(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) {
        self.file = file
        var root: YAMLNode?
        do throws(YAMLError) {
            let documents = try YAMLNode.documents(in: bytes, as: .kubernetes)
            root = documents.first { $0["kind"]?.scalar?.textValue == "KubeProxyConfiguration" }
        } catch {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, line: error.line, column: error.column, problem: error.message, remedy: error.remedy)
            ])
        }
        guard let root, let pairs = root.mapping else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, problem: "it holds no KubeProxyConfiguration",
                    remedy: "take it from the ConfigMap: kubectl -n kube-system get configmap kube-proxy "
                        + "-o jsonpath='{.data.config\\.conf}'")
            ])
        }
        for pair in pairs { read(pair, "") }
        if services != ServiceDefaults() { configuration.settings.services = services }
        if timeouts != ConnectionTimeouts() { configuration.desired.timeouts = timeouts }
        completeTracking(root["conntrack"])
        network.firewall = rules
        // Others look for the device by its name.
        network.device = DataPathSettings.kubeProxyDevice
        configuration.settings.network = .on(network)
        configuration.settings.telemetry = .on(telemetry)
        guard errors.isEmpty else { throw errors }
    }
}

// MARK: - Keys

extension KubeProxyConfiguration {
    private static let sections: Set<String> = ["ipvs", "iptables", "nftables", "conntrack", "clientConnection"]

    /// Keys that say nothing of what ipvsync does.
    private static let ignored: Set<String> = ["kind", "apiVersion"]

    /// What takes the place of a key, or why it has none.
    private static let remarks: [String: String] = [
        "ipvs.excludeCIDRs": "not needed: what ipvsync did not make is never touched",
        "hostnameOverride": "give the name with --node",
        "clientConnection.kubeconfig": "name the file with --kubeconfig",
    ]

    private mutating func read(_ pair: YAMLPair, _ prefix: String) {
        let key = prefix + pair.name
        let isBitZero = key == "iptables.masqueradeBit" && pair.value.scalar?.integerValue == 0
        guard !Self.ignored.contains(key), pair.value.isSet || isBitZero else { return }
        if prefix.isEmpty, Self.sections.contains(key), let pairs = pair.value.mapping {
            for inner in pairs { read(inner, key + ".") }
            return
        }
        switch key {
        case "mode":
            if let mode = text(pair, key), mode != "ipvs" {
                note(pair, key, "the mode is \(mode), not ipvs: compare the schedulers and timeouts yourself")
            }
        case "ipvs.scheduler": services.scheduler = text(pair, key)
        case "ipvs.strictARP": network.strictARP = flag(pair, key)
        case "iptables.masqueradeAll": rules.masqueradesAll = flag(pair, key)
        case "iptables.masqueradeBit": readMasqueradeBit(pair, key)
        case "clusterCIDR": readClusterCIDR(pair, key)
        case "ipvs.syncPeriod": readSyncPeriod(pair, key)
        case "ipvs.minSyncPeriod": readMinSyncPeriod(pair, key)
        case "ipvs.tcpTimeout": timeouts.tcp = seconds(pair, key)
        case "ipvs.tcpFinTimeout": timeouts.tcpFin = seconds(pair, key)
        case "ipvs.udpTimeout": timeouts.udp = seconds(pair, key)
        case "conntrack.maxPerCore": network.conntrack.maximumPerCore = connections(pair, key)
        case "conntrack.min": network.conntrack.maximum = connections(pair, key)
        case "conntrack.tcpEstablishedTimeout": network.conntrack.tcpEstablished = seconds(pair, key)
        case "conntrack.tcpCloseWaitTimeout": network.conntrack.tcpCloseWait = seconds(pair, key)
        case "metricsBindAddress": metrics = place(pair, Settings.standardTelemetryEndpoint.port)
        case "healthzBindAddress": healthz = place(pair, KubeProxyPlaces.standardHealthz.port)
        case "nodePortAddresses": readNodePortAddresses(pair)
        default: note(pair, key, Self.remarks[key] ?? "does not carry over")
        }
    }

    private mutating func readNodePortAddresses(_ pair: YAMLPair) {
        guard let nodes = pair.value.sequence else {
            report(
                pair.value, "nodePortAddresses is \(pair.value.summary)",
                "write a list of networks, such as [192.0.2.0/24]")
            return
        }
        let texts = nodes.map { $0.scalar?.textValue ?? "" }
        var networks: [IPPrefix] = []
        for (text, node) in zip(texts, nodes) where text != "primary" {
            guard let network = IPPrefix(text) else {
                report(node, "nodePortAddresses holds \(node.summary)", "write a network such as 192.0.2.0/24")
                continue
            }
            networks.append(network)
        }
        let isPrimary = texts.contains("primary")
        guard isPrimary || !networks.isEmpty else { return }
        services.nodePortAddresses = .init(all: false, primary: isPrimary, networks: networks)
    }

    private mutating func readMasqueradeBit(_ pair: YAMLPair, _ key: String) {
        guard let bit = pair.value.scalar?.integerValue, 0..<32 ~= bit else {
            report(pair.value, "\(key) is \(pair.value.summary)", "write the number of a bit, from 0 to 31")
            return
        }
        rules.masqueradeMark = 1 << bit
    }

    /// Takes kube-proxy's own limits for those that the file leaves open; 0 has it leave the kernel's alone.
    private mutating func completeTracking(_ section: YAMLNode?) {
        func isOpen(_ key: String) -> Bool { section?[key]?.isNull ?? true }
        if isOpen("maxPerCore") { network.conntrack.maximumPerCore = 32_768 }
        if isOpen("min") { network.conntrack.maximum = 131_072 }
        if isOpen("tcpEstablishedTimeout") { network.conntrack.tcpEstablished = 86_400 }
        if isOpen("tcpCloseWaitTimeout") { network.conntrack.tcpCloseWait = 3_600 }
        // Its `min` is that of a limit which comes from the processors.
        if network.conntrack.maximumPerCore == nil { network.conntrack.maximum = nil }
    }

    /// A number of connections.
    private mutating func connections(_ pair: YAMLPair, _ key: String) -> UInt32? {
        guard let number = pair.value.scalar?.integerValue.flatMap(Int32.init(exactly:)), number > 0 else {
            report(pair.value, "\(key) is \(pair.value.summary)", "write a number of connections, such as 32768")
            return nil
        }
        return UInt32(number)
    }

    /// One network of each family, separated by a comma.
    private mutating func readClusterCIDR(_ pair: YAMLPair, _ key: String) {
        let texts = (text(pair, key) ?? "").split(separator: ",")
        rules.podNetworks = texts.compactMap { IPPrefix($0.filter { $0 != " " }) }
        guard rules.podNetworks.count == texts.count else {
            report(pair.value, "\(key) is \(pair.value.summary)", "write networks such as 10.244.0.0/16")
            return
        }
    }

    private mutating func readSyncPeriod(_ pair: YAMLPair, _ key: String) {
        guard let period = seconds(pair, key) else { return }
        let longest = Settings.maximumSyncInterval
        if period > longest { note(pair, key, "syncInterval is \(DurationText.text(longest)) at most") }
        configuration.settings.syncInterval = min(period, longest)
    }

    private mutating func readMinSyncPeriod(_ pair: YAMLPair, _ key: String) {
        guard let period = milliseconds(pair, key) else { return }
        let longest = Settings.maximumMinSyncInterval
        if period > longest {
            note(pair, key, "minSyncInterval is \(DurationText.text(milliseconds: longest)) at most")
        }
        configuration.settings.minSyncInterval = min(period, longest)
    }

    /// An address with or without a port. At `::`, a Go program takes connections of both families.
    private mutating func place(_ pair: YAMLPair, _ standardPort: UInt16) -> ListeningPlace? {
        let text = pair.value.scalar?.textValue ?? ""
        let place = ListeningPlace(text) ?? IPAddress(text).map { ListeningPlace(address: $0, port: standardPort) }
        guard let place, place.canListen else {
            report(
                pair.value, "\(pair.name) is \(pair.value.summary)",
                "write an address with a port, such as 127.0.0.1:\(standardPort)")
            return nil
        }
        return place.address == IPAddress(v6High: 0, low: 0) ? ListeningPlace(port: place.port) : place
    }

    /// Answers where the kube-proxy answered; our own metrics are served at the same place.
    private var telemetry: TelemetryOptions {
        let standard = KubeProxyPlaces()
        let places = KubeProxyPlaces(healthz: healthz ?? standard.healthz, metrics: metrics ?? standard.metrics)
        return TelemetryOptions(
            listen: places.metrics ?? TelemetryOptions().listen, kubeProxy: places)
    }

    /// In whole seconds, rounded up; 0 means that the kernel's or the standard value stays.
    private mutating func seconds(_ pair: YAMLPair, _ key: String) -> UInt32? {
        milliseconds(pair, key).map { ($0 - 1) / 1000 + 1 }
    }

    /// A duration as Go writes it; `nil` for 0, and after a report of what is wrong.
    private mutating func milliseconds(_ pair: YAMLPair, _ key: String) -> UInt32? {
        guard let milliseconds = GoDurationText.milliseconds(pair.value.scalar?.textValue ?? ""),
            milliseconds / 1000 <= ConnectionTimeouts.maximum
        else {
            let longest = DurationText.text(ConnectionTimeouts.maximum)
            report(
                pair.value, "\(key) is \(pair.value.summary)",
                "write a duration such as 30s or 15m, of \(longest) at most")
            return nil
        }
        return milliseconds == 0 ? nil : milliseconds
    }

    /// A text; `nil` after a report of what is none.
    private mutating func text(_ pair: YAMLPair, _ key: String) -> String? {
        if let text = pair.value.scalar?.textValue { return text }
        report(pair.value, "\(key) is \(pair.value.summary), not a text", "write it in quotes")
        return nil
    }

    /// A truth value in any spelling of YAML 1.1; false after a report of what is none.
    private mutating func flag(_ pair: YAMLPair, _ key: String) -> Bool {
        if let flag = pair.value.scalar?.boolValue { return flag }
        report(pair.value, "\(key) is \(pair.value.summary), not a truth value", "write true or false, without quotes")
        return false
    }

    private mutating func note(_ pair: YAMLPair, _ key: String, _ text: String) {
        notes.append(Note(place: SourcePlace(file: file, line: pair.key.line), key: key, text: text))
    }

    private mutating func report(_ node: YAMLNode, _ problem: String, _ remedy: String) {
        errors.append(
            ConfigurationError(file: file, line: node.line, column: node.column, problem: problem, remedy: remedy))
    }
}

extension YAMLNode {
    /// Whether the value says anything: kube-proxy writes every key out, with an empty one for its default.
    fileprivate var isSet: Bool {
        switch scalar?.value {
        case .null, .bool(false), .integer(0), .text(""), .text("0s"): return false
        case .bool, .integer, .number, .text: return true
        case nil: break
        }
        if let sequence { return !sequence.isEmpty }
        return mapping?.isEmpty == false
    }
}
