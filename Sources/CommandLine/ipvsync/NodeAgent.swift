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
    let options: RunCommand
    let synchronizer: Synchronizer
    private let keeper: DataPathKeeper
    let signals: Signals
    let log: Logger
    let logStyle: LogStyle
    var settings: AgentSettings
    var state: AgentState
    var watch: ClusterWatch?
    var proxyName: String?
    var reconciler: Reconciler
    private let table: Worker<TableJob, TableOutcome>
    private let network: Worker<NetworkJob, NetworkOutcome>
    /// What the two have done.
    let outcomes = Inbox<AgentOutcome>()
    /// Reads the files: a slow disk, or a large file, holds up nothing else.
    let reader: Worker<Void, Result<Declaration, any Error>>
    /// What it has read.
    let readings = Inbox<Result<Declaration, any Error>>()
    /// Whether files are being read, and whether they have changed since that began.
    var isReading = false
    var readsAgain = false
    let policy = PolicyBox()
    /// How changes are made.
    var changePolicy: ReconcilePolicy
    private var generator = SystemRandomNumberGenerator()
    var files: FileWatch
    var addresses: AddressWatch?
    /// Tells when IPVS is unloaded or loaded again: then the whole table is another one.
    var family: FamilyWatch?
    var fileStatus = SourceStatus(name: "files", isComplete: true, lists: 1, lastHeard: .now)
    let health: HealthWatch
    let overrides: OverrideWatch
    /// `nil` without an API server.
    var events: ClusterEvents?
    let hooks = HookRunner()
    var reporter: AgentReporter
    let servers: TelemetryServers
    var turn = LoopTurn()
    var reloadTime: ContinuousClock.Instant?
    /// When the node's addresses are looked at again; `nil` while nothing tells of a change. The first look may have
    /// failed.
    var addressTime: ContinuousClock.Instant? = .now
    /// When it is looked again whether an API server that does not answer is reached at an address of ours; `nil` while
    /// it answers.
    var releaseTime: ContinuousClock.Instant?
    /// When the warnings on Services are looked at again; `nil` while nothing changes.
    var warningTime: ContinuousClock.Instant? = .now

    /// When memory that a large change took is handed back; a turn of the loop that comes later will do.
    private var memoryTime: ContinuousClock.Instant?

    /// An editor, or a copy of several files, is given that long to finish.
    private static let reloadDelay = Duration.milliseconds(200)
    /// Addresses mostly come and go several at a time.
    private static let addressDelay = Duration.milliseconds(500)
    /// Where virtual servers wait for an address, the first of several is followed soon.
    private static let awaitedAddressDelay = Duration.milliseconds(20)
    /// A directory that is not there is looked for again after that long, and addresses that could not be listed.
    static let blindWait = Duration.seconds(2)
    /// What stands in the API server's way may come later, with another address of its name.
    static let releaseDelay = Duration.seconds(5)
    /// Warnings concern all Services: they are not looked at for every change.
    static let warningDelay = Duration.seconds(2)
    /// What a large change took is free after that long.
    private static let memoryDelay = Duration.seconds(2)
    /// Each has the kernel build a scheduler's table anew: a job takes a part of a second at most.
    private static let movesAtOnce = 128
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
        changePolicy = Self.policy(options, configuration)
        synchronizer.policy = changePolicy
        let style = LogStyle(settings.logFormat, level: settings.logLevel)
        logStyle = style
        log = Logger(label: "ipvsync") { _ in LineLogHandler(style) }
        let node = options.source.cluster.nodeName
        self.files = files
        addresses = Self.addressWatch(log)
        family = Self.familyWatch(log)
        let proxyName = configuration.settings.services?.proxyName
        self.proxyName = proxyName
        let access = try options.source.cluster.access()
        watch = access.map {
            ClusterWatch($0, resources: APIResource.proxied(proxyName: proxyName))
        }
        events = access.map { ClusterEvents($0, node: node) }
        events?.use(settings)
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

    /// How changes are made: no job is long.
    static func policy(_ options: RunCommand, _ configuration: Configuration) -> ReconcilePolicy {
        var policy = options.sync.policy(configuration)
        policy.movesAtOnce = movesAtOnce
        return policy
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
            let begun = ContinuousClock.now
            reporter.beat(reconciler, now: begun)
            let ready = awaitNews(wait(begun))
            let now = turn.awake
            servers.listenAgain(now: now)
            look(ready, now)
            if let addressTime, addressTime <= now { followAddresses() }
            if state.hasMore { noteChanges(state.translateMore()) }
            if !state.isComplete, watch?.isComplete ?? true,
                state.knowsNodeAddresses || watch == nil && !state.followsAddresses
            {
                noteChanges(state.noteHeardAll())
            }
            releaseAPIServer()
            if let reloadTime, reloadTime <= now { reload() }
            for reading in readings.take() { finishReload(reading) }
            if ready.contains(signals.descriptor) {
                for signal in signals.pending() {
                    if signal == .end { return try end() }
                    reload()
                }
            }
            followHealth(now)
            reconcile()
            events?.turn(state, &reporter, now: now)
            if let warningTime, warningTime <= now { warn() }
            if let memoryTime, memoryTime <= now { returnFreedMemory() }
            reporter.note(turn: turn.duration)
        }
    }

    /// Looks at what has news of files, of the node's addresses and of IPVS itself.
    private func look(_ ready: [Int32], _ now: ContinuousClock.Instant) {
        if let news = files.takeNews() { log.warning("files are not watched", metadata: ["detail": "\(news)"]) }
        let hasFileNews = files.descriptor.map(ready.contains) ?? false
        if hasFileNews && files.hasChanged() || files.lookAgain(at: now) { reloadTime = now + Self.reloadDelay }
        if let news = addresses?.descriptor, ready.contains(news), addresses?.hasChanged(except: device) ?? false {
            let delay = state.followsAddresses ? Self.awaitedAddressDelay : Self.addressDelay
            addressTime = min(addressTime ?? now + delay, now + delay)
            reconciler.noteAddressesMoved()
        } else if addresses == nil, addressTime == nil, state.followsAddresses {
            addressTime = now + Self.blindWait
        }
        // Nobody tells of addresses then: whoever changes some looks first.
        if addresses == nil { reconciler.noteAddressesMoved() }
        if let news = family?.descriptor, ready.contains(news), family?.hasChanged() ?? false {
            log.warning("IPVS was unloaded or loaded", metadata: ["detail": "everything is looked at again"])
            reconciler.noteEverything(at: now)
        }
    }

    /// Takes what checks have found, and what is said by hand.
    private func followHealth(_ now: ContinuousClock.Instant) {
        let turn = health.turn(&state, now: now)
        reporter.report(turn, state.verdicts)
        var change = turn.change
        change.add(overrides.turn(&state, &reporter, hasEnded: !change.endedOverrides.isEmpty, now: now))
        reconciler.note(change.keys, at: now)
        hooks.settings = settings.hooks
        let notices = hooks.take(change) { state.declared($0)?.name } + hooks.turn(now: now)
        reporter.report(notices, hooks.figures)
    }

    /// Takes what the targets have done, and hands them what is due.
    private func reconcile() {
        let now = ContinuousClock.now
        for outcome in outcomes.take() { reconciler.receive(outcome, state, now: now, using: &generator) }
        while let job = reconciler.next(state, now: now) {
            switch job {
            case .table(let job): table.hand(job)
            case .network(let job): network.hand(job)
            }
        }
        for step in reconciler.takeSteps() {
            if step.isLarge { memoryTime = now + Self.memoryDelay }
            reporter.report(step, refused: reconciler.refused, drains: reconciler.drains)
            if let held = step.heldRemovals { events?.note(held: held) }
        }
        for release in reconciler.takeReleases() { reporter.report(release) }
        if reconciler.hasMadeChanges, !state.hasMore { reporter.settle(&state) }
    }

    private func returnFreedMemory() {
        memoryTime = nil
        let began = ContinuousClock.now
        Allocator.returnFreedMemory()
        log.debug("memory handed back", metadata: ["milliseconds": "\(began.duration(to: .now) / .milliseconds(1))"])
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

    private func wait(_ now: ContinuousClock.Instant) -> Duration {
        let times = [
            state.isComplete ? reconciler.due : nil, reloadTime, addressTime, warningTime, releaseTime,
            health.wakeUp(state), hooks.wakeUp, events?.wakeUp, overrides.wakeUp,
        ].compactMap(\.self)
        if state.hasMore { return .zero }
        let longest = files.isBlind ? min(Self.blindWait, reporter.longestWait) : reporter.longestWait
        return max(.zero, times.min().map { min($0 - now, longest) } ?? longest)
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
}

extension AgentStep {
    /// What is held back of removals, after a look at everything; empty when nothing is, `nil` when that is not known.
    fileprivate var heldRemovals: String? {
        guard !isOfNetwork, case .success(let report) = result, report.isWhole else { return nil }
        return report.plan.held.map {
            "\($0.virtualServers) virtual servers and \($0.realServers) real servers are to go at once, which looks like "
                + "a mistake: they stay; see 'ipvsync plan' on the node"
        } ?? ""
    }

    /// Whether it took so much memory that what is free now is worth handing back.
    fileprivate var isLarge: Bool {
        guard case .success(let report) = result else { return false }
        return scope == .everything || report.changes.count >= 10_000
    }
}
