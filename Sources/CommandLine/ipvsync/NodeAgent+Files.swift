internal import Agent
internal import Configuration
internal import KubernetesAPI
internal import Logging
internal import Netlink
internal import Reconcile
internal import Telemetry

// The files, and what they set.
extension NodeAgent {
    func serveHealthChecks() {
        servers.serve(settings.servesHealthChecks ? state.healthChecks : [:])
    }

    /// Has the files read again.
    func reload() {
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
    func finishReload(_ reading: Result<Declaration, any Error>) {
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

    func use(_ declared: Declaration) {
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
        changePolicy = Self.policy(options, declared.configuration)
        changePolicy.heldServices = held
        policy.put(changePolicy)
        reconciler.timing = settings.timing
        reconciler.driftPolicy = settings.drift
        reconciler.noteEverything(at: .now)
        warningTime = warningTime ?? .now
        servers.use(settings)
        events?.use(settings)
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
