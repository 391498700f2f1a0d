internal import Agent
internal import CSystem
internal import Checker
internal import Configuration
internal import DataPath
internal import Files
internal import Glibc
internal import HTTPService
internal import HealthChecks
internal import IPVS
internal import KubernetesAPI
internal import KubernetesObjects
internal import LoadBalancing
internal import Logging
internal import Netlink
internal import NodeNetwork
internal import Programs
internal import Reconcile
internal import ServiceTranslation
internal import Telemetry

/// The agent that stays: files and an API server on one side, the kernel on the other.
///
/// This thread follows the sources and decides what is due. It waits for nothing but news: the table of virtual servers
/// and the node's network are each changed on a thread of their own.
final class NodeAgent {
    private let options: RunCommand
    private let synchronizer: Synchronizer
    private let keeper: DataPathKeeper
    private let signals: Signals
    private let log: Logger
    private let logStyle: LogStyle
    private var settings: AgentSettings
    private var state: AgentState
    private var watch: ClusterWatch?
    private var proxyName: String?
    private var reconciler: Reconciler
    private let table: Worker<TableJob, TableOutcome>
    private let network: Worker<NetworkJob, NetworkOutcome>
    /// What the two have done.
    private let outcomes = Inbox<AgentOutcome>()
    /// Reads the files: a slow disk, or a large file, holds up nothing else.
    private let reader: Worker<Void, Result<Declaration, any Error>>
    /// What it has read.
    private let readings = Inbox<Result<Declaration, any Error>>()
    /// Whether files are being read, and whether they have changed since that began.
    private var isReading = false
    private var readsAgain = false
    private let policy = PolicyBox()
    /// How changes are made.
    private var changePolicy: ReconcilePolicy
    private var generator = SystemRandomNumberGenerator()
    private var files: FileWatch
    private var addresses: AddressWatch?
    /// Tells when IPVS is unloaded or loaded again: then the whole table is another one.
    private var family: FamilyWatch?
    private var fileStatus = SourceStatus(name: "files", isComplete: true, lists: 1, lastHeard: .now)
    private let health: HealthWatch
    private let overrides: OverrideWatch
    private let hooks = HookRunner()
    private var reporter: AgentReporter
    private let servers: TelemetryServers
    private var turn = LoopTurn()
    private var reloadTime: ContinuousClock.Instant?
    /// When the node's addresses are looked at again; `nil` while nothing tells of a change. The first look may have
    /// failed.
    private var addressTime: ContinuousClock.Instant? = .now
    /// When it is looked again whether an API server that does not answer is reached at an address of ours; `nil` while
    /// it answers.
    private var releaseTime: ContinuousClock.Instant?
    /// When the warnings on Services are looked at again; `nil` while nothing changes.
    private var warningTime: ContinuousClock.Instant? = .now

    /// When memory that a large change took is handed back; a turn of the loop that comes later will do.
    private var memoryTime: ContinuousClock.Instant?

    /// An editor, or a copy of several files, is given that long to finish.
    private static let reloadDelay = Duration.milliseconds(200)
    /// Addresses mostly come and go several at a time.
    private static let addressDelay = Duration.milliseconds(500)
    /// Where virtual servers wait for an address, the first of several is followed soon.
    private static let awaitedAddressDelay = Duration.milliseconds(20)
    /// A directory that is not there is looked for again after that long, and addresses that could not be listed.
    private static let blindWait = Duration.seconds(2)
    /// What stands in the API server's way may come later, with another address of its name.
    private static let releaseDelay = Duration.seconds(5)
    /// Warnings concern all Services: they are not looked at for every change.
    private static let warningDelay = Duration.seconds(2)
    /// What a large change took is free after that long.
    private static let memoryDelay = Duration.seconds(2)
    /// A job that is under way at the end may take that long.
    private static let lastPatience = Duration.seconds(3)

    /// - Parameter files: Watched since before the configuration was read.
    init(
        _ options: RunCommand, _ declared: Declaration, _ files: consuming FileWatch,
        _ synchronizer: Synchronizer, _ store: LedgerStore
    ) throws {
        // Before any thread is made: all of them leave signals to this one.
        signals = Signals()
        self.options = options
        self.synchronizer = synchronizer
        let configuration = declared.configuration
        settings = AgentSettings(options.agent, configuration.settings)
        changePolicy = options.sync.policy(configuration)
        let style = LogStyle(settings.logFormat, level: settings.logLevel)
        logStyle = style
        log = Logger(label: "ipvsync") { _ in LineLogHandler(style) }
        let node = options.source.cluster.nodeName
        self.files = files
        addresses = Self.addressWatch(log)
        family = Self.familyWatch(log)
        let proxyName = configuration.settings.services?.proxyName
        self.proxyName = proxyName
        watch = try options.source.cluster.access().map {
            ClusterWatch($0, resources: APIResource.proxied(proxyName: proxyName))
        }
        health = HealthWatch(store.verdicts)
        overrides = OverrideWatch(store.overrides, log: log)
        let (verdicts, problem) = health.recall(overrides.recall())
        if let problem { log.warning("what was known of real servers is lost", metadata: ["detail": "\(problem)"]) }
        state = AgentState(declared, node: node, verdicts: verdicts)
        if watch == nil, state.knowsNodeAddresses || !state.followsAddresses { _ = state.noteHeardAll() }
        keeper = try options.state.keeper()
        reconciler = Reconciler(timing: settings.timing, keepsNetwork: true, now: .now)
        reconciler.driftPolicy = settings.drift
        synchronizer.readLedger()
        let tableTarget = TableTarget(synchronizer, policy: policy)
        let networkTarget = NetworkTarget(keeper, owned: synchronizer.owned)
        table = Worker(tableTarget.perform) { [outcomes] in outcomes.put(.table($0)) }
        network = Worker(networkTarget.perform) { [outcomes] in outcomes.put(.network($0)) }
        reader = Worker({ [source = options.source] _ in Result { try source.loadFiles() } }, done: readings.put)
        reporter = AgentReporter(
            log: log, manager: ServiceManager(environment: ProcessEnvironment.variables))
        servers = TelemetryServers(
            reporter.board, DescriptorBudget(limit: OpenFilesLimit.raise()), store: store, desk: overrides.desk,
            log: log)
        introduce(node, store)
    }

    private func introduce(_ node: String, _ store: LedgerStore) {
        let (settings, status, hasFiles) = (settings, fileStatus, !options.source.filePaths.isEmpty)
        reporter.board.update { snapshot in
            snapshot.identity.version = IPVSync.version
            snapshot.identity.node = node
            snapshot.identity.namespace = store.namespace
            snapshot.identity.processIdentifier = getpid()
            snapshot.verificationInterval = settings.timing.verification
            snapshot.driftPolicy = settings.drift
            snapshot.sources = hasFiles ? [status] : []
        }
        servers.use(settings)
        log.info("started", metadata: ["version": "\(IPVSync.version)", "node": "\(node)"])
        serveHealthChecks()
        reporter.report(inactive: state.inactive)
        reporter.warnOfNeighbours()
    }

    /// Runs until a signal ends it; the kernel's tables stay as they are unless they are to be cleaned up.
    func run() throws(SyncError) {
        while true {
            reporter.beat(reconciler)
            awaitNews(wait)
            servers.listenAgain()
            if let news = files.takeNews() { log.warning("files are not watched", metadata: ["detail": "\(news)"]) }
            if files.hasChanged() || files.lookAgain() { reloadTime = .now + Self.reloadDelay }
            if addresses?.hasChanged(except: device) ?? false {
                let delay = state.followsAddresses ? Self.awaitedAddressDelay : Self.addressDelay
                addressTime = min(addressTime ?? .now + delay, .now + delay)
            } else if addresses == nil, addressTime == nil, state.followsAddresses {
                addressTime = .now + Self.blindWait
            }
            if let addressTime, addressTime <= .now { followAddresses() }
            if family?.hasChanged() ?? false {
                log.warning("IPVS was unloaded or loaded", metadata: ["detail": "everything is looked at again"])
                reconciler.noteEverything(at: .now)
            }
            if state.hasMore { noteChanges(state.translateMore()) }
            if !state.isComplete, watch?.isComplete ?? true,
                state.knowsNodeAddresses || watch == nil && !state.followsAddresses
            {
                noteChanges(state.noteHeardAll())
            }
            releaseAPIServer()
            if let reloadTime, reloadTime <= .now { reload() }
            for reading in readings.take() { finishReload(reading) }
            for signal in signals.pending() {
                if signal == .end { return try end() }
                reload()
            }
            followHealth()
            reconcile()
            if let warningTime, warningTime <= .now { warn() }
            if let memoryTime, memoryTime <= .now {
                self.memoryTime = nil
                Allocator.returnFreedMemory()
            }
            reporter.note(turn: turn.duration)
        }
    }

    /// Takes what checks have found, and what is said by hand.
    private func followHealth() {
        let turn = health.turn(&state)
        reporter.report(turn, state.verdicts)
        var change = turn.change
        change.add(overrides.turn(&state, &reporter, hasEnded: !change.endedOverrides.isEmpty))
        reconciler.note(change.keys, at: .now)
        hooks.settings = settings.hooks
        let notices = hooks.take(change) { state.declared($0)?.name } + hooks.turn(now: .now)
        reporter.report(notices, hooks.figures)
    }

    /// Takes what the targets have done, and hands them what is due.
    private func reconcile() {
        for outcome in outcomes.take() { reconciler.receive(outcome, state, now: .now, using: &generator) }
        while let job = reconciler.next(state, now: .now) {
            switch job {
            case .table(let job): table.hand(job)
            case .network(let job): network.hand(job)
            }
        }
        for step in reconciler.takeSteps() {
            if step.isLarge { memoryTime = .now + Self.memoryDelay }
            reporter.report(step, refused: reconciler.refused, drains: reconciler.drains)
        }
        for release in reconciler.takeReleases() { reporter.report(release) }
    }

    private func end() throws(SyncError) {
        reporter.stopping()
        let end = ContinuousClock.now + Self.lastPatience
        let isTableSettled = table.finish(by: end)
        if isTableSettled {
            _ = try synchronizer.flush()
            let drained = state.verdicts.drainedAtEnd
            if !drained.isEmpty { _ = try synchronizer.synchronize(only: Set(drained.map(\.key)), drained) }
        }
        let isSettled = network.finish(by: end) && isTableSettled
        health.end(state.verdicts, by: end)
        overrides.end(state.verdicts, by: end)
        if settings.cleansUpOnExit, !isSettled {
            log.error("not cleaned up", metadata: ["detail": "a change is still under way; run 'ipvsync cleanup'"])
        } else if settings.cleansUpOnExit {
            let report = try NodeSynchronizer(synchronizer, keeper).cleanUp()
            let changes = report.changes.count + (report.network?.plan.count ?? 0)
            log.info("cleaned up", metadata: ["changes": "\(changes)"])
            for failure in report.network?.failures ?? [] {
                log.error("cannot clean up", metadata: ["detail": "\(failure)"])
            }
        }
        log.info("ended")
    }

    private var wait: Duration {
        let times = [
            state.isComplete ? reconciler.due : nil, reloadTime, addressTime, warningTime, releaseTime,
            health.wakeUp(state), hooks.wakeUp,
        ].compactMap(\.self)
        if state.hasMore { return .zero }
        let longest = files.isBlind ? min(Self.blindWait, reporter.longestWait) : reporter.longestWait
        return max(.zero, times.map { $0 - .now }.min().map { min($0, longest) } ?? longest)
    }

    /// Waits for news of the API server, a file, or a signal.
    private func awaitNews(_ wait: Duration) {
        let descriptors =
            [
                signals.descriptor, outcomes.descriptor, readings.descriptor, files.descriptor, addresses?.descriptor,
                family?.descriptor,
            ].compactMap(\.self) + health.descriptors + overrides.descriptors
            + [hooks.descriptor].compactMap(\.self)
        guard let watch else {
            var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let milliseconds = wait / .milliseconds(1)
            _ = turn.begin { poll(&polled, nfds_t(polled.count), Int32(milliseconds.rounded(.up))) }
            return
        }
        let events = turn.begin { watch.poll(timeout: wait, descriptors: descriptors) }
        // Before the Services: no address of the API server is ever taken, not for a moment.
        let keys = state.use(apiServers: watch.servers)
        if !events.isEmpty || !keys.isEmpty {
            noteChanges(keys + state.apply(events))
            hold(watch)
        }
        reporter.report(watch, files: options.source.filePaths.isEmpty ? nil : fileStatus)
    }

    /// Holds what is programmed for Services that nobody can read, and lets go of it when somebody can.
    private func hold(_ watch: ClusterWatch) {
        let held = state.held(watch.unreadable)
        guard held != changePolicy.heldServices else { return }
        changePolicy.heldServices = held
        policy.put(changePolicy)
        reconciler.noteEverything(at: .now)
    }

    /// Takes note of virtual servers that are wanted otherwise, and of what else is.
    private func noteChanges(_ keys: [VirtualServerKey]) {
        reconciler.note(keys, at: .now)
        reconciler.note(state.takeDataPathChange(), at: .now)
        warningTime = warningTime ?? .now + Self.warningDelay
        let checks = state.takeHealthCheckChange()
        if settings.servesHealthChecks { servers.serve(changed: checks) }
    }

    /// Lets go of addresses by which the API server is reached, for as long as it does not answer.
    private func releaseAPIServer() {
        guard let watch, watch.statuses.contains(where: { $0.status.problem != nil }) else {
            releaseTime = nil
            reporter.forgetRelease()
            return
        }
        guard releaseTime.map({ $0 <= .now }) ?? true else { return }
        releaseTime = .now + Self.releaseDelay
        reconciler.release(watch.servers, owned: synchronizer.owned, unlessDeclaredIn: state)
    }

    private static func addressWatch(_ log: Logger) -> AddressWatch? {
        do throws(NetlinkError) {
            return try AddressWatch()
        } catch {
            log.warning("node addresses not followed", metadata: ["detail": "\(ErrorText.describe(error))"])
            return nil
        }
    }

    private static func familyWatch(_ log: Logger) -> FamilyWatch? {
        do throws(NetlinkError) {
            return try FamilyWatch(IPVSClient.familyName)
        } catch {
            log.warning("IPVS itself not followed", metadata: ["detail": "\(ErrorText.describe(error))"])
            return nil
        }
    }

    private var device: String { state.network?.device ?? DataPathSettings.defaultDevice }

    /// Serves node ports on the addresses that the node has now.
    private func followAddresses() {
        addressTime = nil
        let before = state.stations.addresses
        guard let stations = try? HostIdentity.stations(except: device) else {
            addressTime = .now + Self.blindWait
            return
        }
        guard state.stations != stations || !state.knowsNodeAddresses else { return }
        let now = stations.addresses
        if now != before {
            log.info(
                "node addresses changed",
                metadata: [
                    "added": "\(now.subtracting(before).sorted().map(\.description).joined(separator: ", "))",
                    "removed": "\(before.subtracting(now).sorted().map(\.description).joined(separator: ", "))",
                ])
        }
        reconciler.note(state.use(stations), at: .now)
        reporter.report(inactive: state.inactive)
        reconciler.note(state.takeDataPathChange(), at: .now)
        // A Service's address that is on another device now, or no longer: ours lets it go, or takes it.
        let changed = before.symmetricDifference(now)
        if !state.boundAddresses.isDisjoint(with: changed) { reconciler.noteEverything(at: .now) }
        warningTime = warningTime ?? .now + Self.warningDelay
        // Services in files are translated as they are read.
        if !options.source.cluster.manifests.isEmpty { reloadTime = .now }
    }

    private func warn() {
        let change = state.takeWarningChange()
        reporter.warn(change, files: state.filesWarnings + state.checkWarnings, state.warningCounts)
        warningTime = change.hasMore ? .now : nil
    }

    private func serveHealthChecks() {
        servers.serve(settings.servesHealthChecks ? state.healthChecks : [:])
    }

    /// Has the files read again.
    private func reload() {
        reloadTime = nil
        // What came from the standard input comes only once.
        guard !options.source.readsStandardInput else {
            log.warning("not read again", metadata: ["detail": "the standard input is a source, and is at its end"])
            return
        }
        readsAgain = isReading
        guard !isReading else { return }
        isReading = true
        reader.hand(())
    }

    /// Takes what the files declare now; the last good ones stay when they are invalid.
    private func finishReload(_ reading: Result<Declaration, any Error>) {
        isReading = false
        fileStatus.lists += 1
        fileStatus.lastHeard = .now
        do {
            use(try reading.get())
            invalidate([])
        } catch let error as NetlinkError {
            log.warning("node addresses not listed", metadata: ["detail": "\(ErrorText.describe(error))"])
            reloadTime = .now + Self.blindWait
        } catch {
            fileStatus.failures += 1
            invalidate("\(error)".split(separator: "\n").map(String.init))
        }
        if readsAgain { reload() }
    }

    private func use(_ declared: Declaration) {
        state.use(declared)
        reporter.report(inactive: state.inactive)
        let proxyName = declared.configuration.settings.services?.proxyName
        if proxyName != self.proxyName {
            // Its lists take the place of those before when they are complete.
            self.proxyName = proxyName
            watch = watch?.following(APIResource.proxied(proxyName: proxyName))
        }
        settings = AgentSettings(options.agent, declared.configuration.settings)
        logStyle.use(settings.logFormat, level: settings.logLevel)
        let held = changePolicy.heldServices
        changePolicy = options.sync.policy(declared.configuration)
        changePolicy.heldServices = held
        policy.put(changePolicy)
        reconciler.timing = settings.timing
        reconciler.driftPolicy = settings.drift
        reconciler.noteEverything(at: .now)
        warningTime = warningTime ?? .now
        servers.use(settings)
        serveHealthChecks()
        let settings = settings
        reporter.board.update { snapshot in
            snapshot.verificationInterval = settings.timing.verification
            snapshot.driftPolicy = settings.drift
        }
    }

    private func invalidate(_ problems: [String]) {
        for problem in problems {
            log.error("invalid files: what was declared before stays", metadata: ["detail": "\(problem)"])
        }
        fileStatus.problem = problems.first
        let status = fileStatus
        reporter.board.update { snapshot in
            snapshot.invalidFiles = problems
            if let index = snapshot.sources.firstIndex(where: { $0.name == status.name }) {
                snapshot.sources[index] = status
            }
        }
    }
}

extension AgentStep {
    /// Whether it took so much memory that what is free now is worth handing back.
    fileprivate var isLarge: Bool {
        guard case .success(let report) = result else { return false }
        return report.changes.count >= 10_000
    }
}
