internal import Configuration
package import DataPath
package import HealthChecks
package import KubernetesAPI
package import KubernetesObjects
package import LoadBalancing
package import NodeNetwork
package import Reconcile
package import ServiceTranslation

/// What is wanted now, of files and of an API server; a virtual server of a file goes before a Service's.
package struct AgentState: DesiredSource {
    /// Whether every source has told all it has once, and all of it has been translated once.
    package private(set) var isComplete = false
    private var files: DesiredState
    private var filesDataPath: Set<DataPathElement> = []
    private var filesHealthChecks: [UInt16: HealthCheck] = [:]
    /// What could not be done as the files' Services ask.
    package private(set) var filesWarnings: [TranslationWarning] = []
    private var filesWarningCounts = WarningCounts()
    private var declaredNetwork: DataPathSettings?
    private var declared: [VirtualServerKey: DesiredVirtualServer] = [:]
    /// The virtual servers that wait for an address.
    private var waiting: [IPAddress: Set<VirtualServerKey>] = [:]
    private var index: ServiceIndex
    /// What is known of real servers that are checked.
    package internal(set) var verdicts: Verdicts
    private var serviceChecks = ServiceChecks()
    private var policy: TranslationPolicy
    /// What is known of this machine's addresses.
    package private(set) var stations: NodeStations
    /// Whether the node's addresses could be listed: without them, node ports would seem to be wanted no more.
    package private(set) var knowsNodeAddresses: Bool

    /// - Parameter verdicts: What is known of real servers at the start.
    package init(_ declaration: Declaration, node: String, verdicts: Verdicts = Verdicts(now: .now)) {
        self.verdicts = verdicts
        let configuration = declaration.configuration
        files = configuration.desired
        // Those that came since will be found by the first look.
        let stations =
            declaration.stations
            ?? (try? HostIdentity.stations(except: configuration.settings.network?.options?.device))
        knowsNodeAddresses = stations != nil
        self.stations = stations ?? NodeStations()
        policy = TranslationPolicy(nodeName: node)
        policy.use(self.stations)
        index = ServiceIndex(translator: ServiceTranslator(policy: policy))
        use(declaration)
    }

    package var desired: DesiredState {
        var all = files
        all.virtualServers = allDeclared
        if !verdicts.isEmpty { all.virtualServers = all.virtualServers.map(verdicts.effective) }
        if !waiting.isEmpty { all.virtualServers = all.virtualServers.map { $0.following(here) } }
        all.virtualServers.sort { $0.key < $1.key }
        return all
    }

    /// What is declared of all virtual servers, in any order.
    var allDeclared: [DesiredVirtualServer] {
        files.virtualServers + index.desiredVirtualServers.filter { declared[$0.key] == nil }
    }

    /// As declared, but for networks in which the API server is reached: taken whole, they would cut the node off.
    package var network: DataPathSettings? {
        guard var network = declaredNetwork, network.binding == .route else { return declaredNetwork }
        network.serviceNetworks.removeAll { network in
            policy.addresses.apiServers.contains { network.contains($0) && !index.isClusterIP($0) }
        }
        return network
    }

    package var settings: DesiredState { DesiredState(timeouts: files.timeouts, syncDaemons: files.syncDaemons) }

    package func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? {
        declared(key).map { verdicts.effective($0).following(here) }
    }

    /// The addresses that virtual servers can wait for; `nil` while these could not be listed, and all count as here.
    private var here: Set<IPAddress>? { knowsNodeAddresses ? stations.addresses : nil }

    /// Whether a virtual server waits for an address: then the node's addresses have to be known.
    package var followsAddresses: Bool { !waiting.isEmpty }

    /// How many virtual servers wait for each address that is not here.
    package var inactive: [IPAddress: Int] {
        waiting.filter { here?.contains($0.key) == false }.mapValues(\.count)
    }

    /// What is declared of one virtual server, whatever is known of its real servers.
    package func declared(_ key: VirtualServerKey) -> DesiredVirtualServer? { declared[key] ?? index.desired(key) }

    package var dataPath: Set<DataPathElement> { filesDataPath.union(index.dataPath.filter(isOurs)) }

    /// The Services' addresses that this node takes as its own.
    package var boundAddresses: Set<IPAddress> {
        network == nil ? [] : Set(dataPath.lazy.compactMap(\.boundAddress))
    }

    /// Whether this node takes an address of a Service as its own.
    package func binds(_ address: IPAddress) -> Bool {
        declaredNetwork != nil && (filesDataPath.contains(.address(address)) || index.needs(.address(address)))
    }

    /// What Services need otherwise since the last call.
    package mutating func takeDataPathChange() -> DataPathChange {
        let change = index.takeDataPathChange()
        guard !declared.isEmpty || !filesDataPath.isEmpty else { return change }
        let kept = filesDataPath
        return DataPathChange(
            added: change.added.filter(isOurs), removed: change.removed.filter { isOurs($0) && !kept.contains($0) })
    }

    /// Whether no file declares the virtual server that the element is about.
    private func isOurs(_ element: DataPathElement) -> Bool {
        element.virtualServer.map { declared[$0] == nil } ?? true
    }

    /// What could not be done as Services ask: all of it, which costs as much as there is.
    package var warnings: [TranslationWarning] { filesWarnings + checkWarnings + index.warnings }

    /// How many of these there are, those that are not shown one by one too, as of the last ``takeWarningChange()``.
    package var warningCounts: WarningCounts {
        filesWarningCounts + WarningCounts(checkWarnings) + index.warningCounts
    }

    /// How what could not be done as the API server's Services ask has changed since the last call.
    package mutating func takeWarningChange() -> WarningChange { index.takeWarningChange() }

    /// The health check ports of Services.
    package var healthChecks: [UInt16: HealthCheck] {
        index.healthChecks.merging(filesHealthChecks) { _, declared in declared }
    }

    /// How the health check ports of the API server's Services have changed since the last call; `nil` for one that is
    /// not served any more.
    package mutating func takeHealthCheckChange() -> [UInt16: HealthCheck?] {
        let change = index.takeHealthCheckChange()
        return filesHealthChecks.isEmpty ? change : change.filter { filesHealthChecks[$0.key] == nil }
    }

    /// Takes what files declare in the place of what they declared before.
    package mutating func use(_ declaration: Declaration) {
        let configuration = declaration.configuration
        files = configuration.desired
        filesDataPath = declaration.dataPath
        filesHealthChecks = declaration.healthChecks
        filesWarnings = declaration.warnings
        filesWarningCounts = declaration.warningCounts
        declaredNetwork = configuration.settings.network?.options
        let standard = TranslationPolicy()
        var next = policy
        next.scheduler = standard.scheduler
        next.nodePortAddresses = standard.nodePortAddresses
        next.localFallsBackToCluster = standard.localFallsBackToCluster
        next.annotations = standard.annotations
        next.isEdge = standard.isEdge
        next.apply(configuration.settings.services)
        next.keep(declaredNetwork)
        follow(next)
        serviceChecks.use(configuration.settings.services)
        declared = Dictionary(uniqueKeysWithValues: files.virtualServers.map { ($0.key, $0) })
        waiting = [:]
        for server in files.virtualServers {
            if let address = server.activeWhen { waiting[address, default: []].insert(server.key) }
        }
        // Everything is synchronised after this: which keys it touches does not matter.
        _ = translateMore()
        if !verdicts.overrides.isEmpty { noteAllForOverrides() }
        watchFiles(configuration.health)
        _ = index.takeDataPathChange()
    }

    /// Takes what an API server told.
    ///
    /// - Returns: The virtual servers that are wanted otherwise now.
    package mutating func apply(_ events: [FeedEvent]) -> [VirtualServerKey] {
        for event in events {
            index.update { cluster in
                switch event {
                case .replaced(let kind, let objects, let unreadable):
                    cluster.replace(kind, with: objects, keeping: unreadable)
                case .changed(let object): cluster.set(object)
                case .removed(let identity): cluster.remove(identity)
                }
            }
        }
        let node = TranslationPolicy(
            nodeName: policy.nodeName, index.cluster.nodes[policy.nodeName], addresses: policy.nodeAddresses)
        if node.zone != policy.zone || node.primaryAddresses != policy.primaryAddresses {
            var next = policy
            next.zone = node.zone
            next.primaryAddresses = node.primaryAddresses
            follow(next)
        }
        // What a new list lacks is judged at once, or the removal guard would see it in harmless parts.
        if events.contains(where: \.isList) { return watching(index.refresh()) }
        return translateMore()
    }

    /// The Service of the API server whose virtual server has no real server, though it may have some anywhere.
    package func emptyService(_ key: VirtualServerKey) -> ObjectName? {
        guard let owner = index.owner(key), owner.trafficPolicy == .cluster, owner.desired.realServers.isEmpty else {
            return nil
        }
        return index.holder(of: key)
    }

    /// The first virtual server of a Service that has no real server, though it may have some anywhere.
    package func emptyKey(of service: ObjectName) -> VirtualServerKey? {
        index[service]?.virtualServers.lazy.map(\.key).first { emptyService($0) == service }
    }

    /// The UID of a Service of the API server, empty when it has none; `nil` when there is no such Service.
    package func uid(ofService name: ObjectName) -> String? {
        index.cluster.services[name].map { $0.metadata.uid?.description ?? "" }
    }

    /// How many changes of the API server's objects have come.
    package var changeCounts: ChangeCounts { index.cluster.changes }

    /// What had these changes come about since the last call, as far as it is known.
    package mutating func takeChangeTriggers() -> [ChangeTrigger] { index.takeChangeTriggers() }

    /// How many Services want endpoints of this node and have them elsewhere.
    package var localLack: LocalLack { index.localLack }

    /// Whether load balancers may bring this node new connections: its Node object, as far as it is known, is neither
    /// being deleted nor about to be.
    package var isNodeEligible: Bool { index.cluster.nodes[policy.nodeName]?.isLeaving != true }

    package var isWhole: Bool { !index.hasMore }

    /// Whether Services wait for being translated: ask ``translateMore()`` for them.
    package var hasMore: Bool { index.hasMore }

    /// Translates what waits, as much as a turn of the agent's loop has time for.
    ///
    /// - Returns: The virtual servers that are wanted otherwise now.
    package mutating func translateMore() -> [VirtualServerKey] {
        watching(index.refresh(atMost: ServiceIndex.turnCost))
    }

    /// Takes note that every source has told all it has. What waits is translated at once, for what is wanted to be whole:
    /// a tenant whose Services change all the time must not put it off.
    ///
    /// - Returns: The virtual servers that are wanted otherwise now.
    package mutating func noteHeardAll() -> [VirtualServerKey] {
        isComplete = true
        return watching(index.refresh())
    }

    /// The Services of which nobody knows what they want: an object of theirs cannot be read, and never could since this
    /// process began. What was read once stays as it was.
    package func held(_ unreadable: [UnreadableObject]) -> HeldServices {
        var held = HeldServices()
        for object in unreadable where !index.cluster.knows(object.kind, object.name) {
            if let service = object.service {
                held.services.insert(service.description)
            } else {
                held.namespaces.insert(object.name.namespace)
            }
        }
        return held
    }

    /// Takes the addresses that this node has now, and who is around it.
    ///
    /// - Returns: The virtual servers that are wanted otherwise now.
    package mutating func use(_ stations: NodeStations) -> [VirtualServerKey] {
        var next = policy
        next.use(stations)
        let before = here
        self.stations = stations
        knowsNodeAddresses = true
        follow(next)
        let changed = waiting.filter { before?.contains($0.key) != stations.addresses.contains($0.key) }
        return translateMore() + changed.values.joined()
    }

    /// Takes the addresses where the API server is reached.
    ///
    /// - Returns: The virtual servers that are wanted otherwise now.
    package mutating func use(apiServers: Set<IPAddress>) -> [VirtualServerKey] {
        guard policy.addresses.apiServers != apiServers else { return [] }
        var next = policy
        next.addresses.apiServers = apiServers
        follow(next)
        // All at once: no address of the API server is ever taken, not for a moment.
        return watching(index.refresh())
    }

    // MARK: Health

    private mutating func watchFiles(_ health: [VirtualServerKey: HealthRules]) {
        let now = ContinuousClock.now
        let services = serviceChecks.keys.filter { declared[$0] == nil }
        verdicts.forget(allBut: Set(health.keys).union(services))
        for (key, rules) in health {
            if let server = declared[key] { verdicts.watch(server, by: rules, now: now) }
        }
        // Those that a file has taken over, and those that may be checked otherwise now.
        for key in serviceChecks.keys where declared[key] != nil { serviceChecks.forget(key) }
        _ = watching(services)
    }

    /// Watches virtual servers as their Services ask; those of files are watched as the files say.
    private mutating func watching(_ keys: [VirtualServerKey]) -> [VirtualServerKey] {
        let now = ContinuousClock.now
        for key in keys where declared[key] == nil {
            verdicts.note(index.desired(key), key)
            guard let server = index.owner(key), let service = index.holder(of: key) else {
                serviceChecks.forget(key)
                verdicts.forget(key)
                continue
            }
            if let rules = serviceChecks.rules(server, of: service) {
                verdicts.watch(server.desired, by: rules, now: now)
            } else {
                verdicts.forget(key)
            }
        }
        return keys
    }

    /// What of the checks that Services ask for is not made.
    package var checkWarnings: [TranslationWarning] { serviceChecks.warnings }

    /// What is to be checked; `nil` when that is the same as at the last call.
    package mutating func takeSubjects() -> Set<CheckSubject>? { verdicts.takeSubjects() }

    /// Takes the results of checks, and note of the time.
    package mutating func apply(
        _ results: [(CheckSubject, CheckResult)], now: ContinuousClock.Instant
    ) -> VerdictChange {
        var change = verdicts.record(results, now: now)
        change.keys.formUnion(verdicts.advance(to: now))
        change.add(endOverrides(now: now))
        return change
    }

    /// Translates everything anew if the policy is another one.
    private mutating func follow(_ next: TranslationPolicy) {
        guard next != policy else { return }
        policy = next
        index.use(ServiceTranslator(policy: next))
    }
}

extension FeedEvent {
    fileprivate var isList: Bool {
        if case .replaced = self { return true }
        return false
    }
}
