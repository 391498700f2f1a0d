internal import Agent
internal import Checker
internal import DataPath
internal import Files
internal import Glibc
internal import KubernetesAPI
internal import LoadBalancing
internal import Logging
internal import Netlink
internal import NodeNetwork
internal import Reconcile
internal import ServiceTranslation

// What the API server and the node itself tell.
extension NodeAgent {
    /// Waits for news of the API server, a file, or a signal; gives the descriptors that have some.
    func awaitNews(_ wait: Duration) -> [Int32] {
        let descriptors =
            [
                signals.descriptor, outcomes.descriptor, readings.descriptor, files.descriptor, addresses?.descriptor,
                family?.descriptor, events?.descriptor,
            ].compactMap(\.self) + health.descriptors + overrides.descriptors
            + [hooks.descriptor].compactMap(\.self)
        guard let watch else {
            var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let milliseconds = wait / .milliseconds(1)
            _ = turn.begin { poll(&polled, nfds_t(polled.count), Int32(milliseconds.rounded(.up))) }
            return polled.filter { $0.revents != 0 }.map(\.fd)
        }
        let events = turn.begin { watch.poll(timeout: wait, descriptors: descriptors) }
        // Before the Services: no address of the API server is ever taken, not for a moment.
        let keys = state.use(apiServers: watch.servers)
        if !events.isEmpty || !keys.isEmpty {
            noteChanges(keys + state.apply(events))
            hold(watch)
        }
        reporter.report(watch.takeAnswers(), isNodeEligible: state.isNodeEligible)
        reporter.report(watch, files: options.source.filePaths.isEmpty ? nil : fileStatus, now: turn.awake)
        return watch.ready
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
    func noteChanges(_ keys: [VirtualServerKey]) {
        reconciler.note(keys, at: turn.awake)
        reconciler.note(state.takeDataPathChange(), at: turn.awake)
        reporter.note(state.changeCounts, keys)
        events?.note(keys, state)
        warningTime = warningTime ?? turn.awake + Self.warningDelay
        let checks = state.takeHealthCheckChange()
        if settings.servesHealthChecks { servers.serve(changed: checks) }
    }

    /// Lets go of addresses by which the API server is reached, for as long as it does not answer.
    func releaseAPIServer() {
        guard let watch, watch.statuses.contains(where: { $0.status.problem != nil }) else {
            releaseTime = nil
            reporter.forgetRelease()
            return
        }
        guard releaseTime.map({ $0 <= turn.awake }) ?? true else { return }
        releaseTime = turn.awake + Self.releaseDelay
        reconciler.release(watch.servers, owned: synchronizer.owned, unlessDeclaredIn: state)
    }

    var device: String { state.network?.device ?? DataPathSettings.defaultDevice }

    /// Serves node ports on the addresses that the node has now.
    func followAddresses() {
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
        if changed.contains(where: state.binds) { reconciler.noteEverything(at: .now) }
        warningTime = warningTime ?? .now + Self.warningDelay
        // Services in files are translated as they are read.
        if !options.source.cluster.manifests.isEmpty { reloadTime = .now }
    }

    func warn() {
        let change = state.takeWarningChange()
        events?.note(change.added, state)
        reporter.warn(change, files: state.filesWarnings + state.checkWarnings, state.warningCounts)
        warningTime = change.hasMore ? .now : nil
    }
}
