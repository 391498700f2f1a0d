package import Configuration
package import DataPath
package import HealthChecks
internal import LoadBalancing
package import Netlink
package import NodeNetwork
package import Reconcile
package import ServiceTranslation

/// Everything that files declare: configuration, and what became of the Services among them.
package struct Declaration: Sendable {
    /// The virtual servers of Services are among its own.
    package var configuration: Configuration
    /// What the Services need beside IPVS.
    package var dataPath: Set<DataPathElement>
    /// Their health check ports.
    package var healthChecks: [UInt16: HealthCheck]
    /// What is known of this machine's addresses, for which they were translated; `nil` without any Service.
    package var stations: NodeStations?
    /// What could not be done as they ask.
    package var warnings: [TranslationWarning]
    /// How many of these there are, those that are not shown one by one too.
    package var warningCounts: WarningCounts

    package init(
        _ configuration: Configuration, dataPath: Set<DataPathElement> = [],
        healthChecks: [UInt16: HealthCheck] = [:], stations: NodeStations? = nil,
        warnings: [TranslationWarning] = [], warningCounts: WarningCounts = WarningCounts()
    ) {
        self.configuration = configuration
        self.dataPath = dataPath.union(configuration.ownElements)
        self.healthChecks = healthChecks
        self.stations = stations
        self.warnings = warnings
        self.warningCounts = warningCounts
    }

    /// What is wanted beside IPVS; `nil` for nothing.
    package var demand: DataPathDemand? {
        configuration.settings.network?.options.map { DataPathDemand(settings: $0, elements: dataPath) }
    }
}

extension Configuration {
    /// Without these, a virtual server of a file would be refused at an address that Services have too.
    fileprivate var ownElements: Set<DataPathElement> {
        guard settings.network?.options != nil else { return [] }
        return Set(
            places.keys.lazy.filter { $0.transportProtocol != nil }.map { .service($0, ServiceTreatment(.never)) })
    }
}

extension TranslationPolicy {
    /// Takes what is known of this machine's addresses.
    package mutating func use(_ stations: NodeStations) {
        nodeAddresses = stations.addresses.sorted()
        addresses.broadcasts = stations.broadcasts
        addresses.gateways = stations.gateways
    }

    /// Takes over what a configuration says of Services in general.
    package mutating func apply(_ defaults: ServiceDefaults?) {
        guard let defaults else { return }
        if let name = defaults.scheduler { scheduler = Scheduler(name) }
        switch defaults.nodePortAddresses {
        case nil: break
        case .all: nodePortAddresses = .all
        case .primary: nodePortAddresses = .primary
        case .networks(let networks): nodePortAddresses = .networks(networks)
        case .primaryAnd(let networks): nodePortAddresses = .primaryAnd(networks)
        }
        if let fallback = defaults.localFallback { localFallsBackToCluster = fallback }
        isEdge = defaults.edge ?? false
        proxyName = defaults.proxyName
        switch defaults.annotations {
        case nil: break
        case .all?: annotations = .all
        case ServiceDefaults.Annotations.none?: annotations = .none
        case .named(let names)?: annotations = .named(Set(names))
        }
        addresses.externalIPs = defaults.externalIPs ?? .any
        addresses.loadBalancerIPs = defaults.loadBalancerIPs ?? .any
        addresses.servesNodeAddresses = defaults.nodeAddresses ?? false
    }
}

extension ReconcilePolicy {
    /// What the configuration declares; what it leaves out has its default.
    package init(_ settings: Settings) {
        self.init()
        drainTimeout = settings.drainTimeout ?? drainTimeout
        switch settings.removalGuard {
        case .none: break
        case .off: removalGuard = nil
        case .limit(let share, let minimum): removalGuard = RemovalGuard(share: share, minimum: Int(minimum))
        }
    }
}

extension Declaration {
    /// Takes into account which addresses this node has now: virtual servers that wait for another one are not active.
    package mutating func followAddresses() throws(NetlinkError) {
        guard configuration.desired.virtualServers.contains(where: { $0.activeWhen != nil }) else { return }
        let device = configuration.settings.network?.options?.device
        var here = stations?.addresses
        if here == nil { here = try HostIdentity.stations(except: device).addresses }
        configuration.desired.virtualServers = configuration.desired.virtualServers.map { $0.following(here) }
    }

    /// Takes what an agent knows of real servers and what is said by hand into account, for a run that checks none
    /// itself: those of which nothing is known count as up.
    ///
    /// - Returns: The overrides that are about a real server.
    @discardableResult
    package mutating func apply(_ recollection: Recollection, _ overrides: Overrides = Overrides()) -> Overrides {
        guard !configuration.health.isEmpty || !overrides.isEmpty else { return overrides }
        let now = ContinuousClock.now
        var verdicts = Verdicts(now: now, recalling: recollection, overrides: overrides)
        for server in configuration.desired.virtualServers {
            verdicts.note(server, server.key)
            guard var rules = configuration.health[server.key] else { continue }
            rules.startsDown = false
            verdicts.watch(server, by: rules, now: now)
        }
        configuration.desired.virtualServers = configuration.desired.virtualServers.map(verdicts.effective)
        _ = verdicts.endOrphanedOverrides()
        return verdicts.overrides
    }
}

extension DesiredVirtualServer {
    /// Active as long as the address that it waits for is among these; `nil` where nobody knows.
    func following(_ addresses: Set<IPAddress>?) -> Self {
        guard let activeWhen, let addresses, !addresses.contains(activeWhen) else { return self }
        var server = self
        server.isActive = false
        return server
    }
}
