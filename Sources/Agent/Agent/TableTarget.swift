package import LoadBalancing
internal import Netlink
package import Reconcile
internal import Synchronization

/// What is to be done, by whom.
package enum AgentJob: Sendable {
    case table(TableJob)
    case network(NetworkJob)
}

/// What came of it.
package enum AgentOutcome: Sendable {
    case table(TableOutcome)
    case network(NetworkOutcome)
}

/// A job of the table of virtual servers.
package enum TableJob: Sendable {
    /// Makes everything equal to what is declared, once the gate is open.
    case everything(DesiredState, NetworkGate?)
    /// Makes some virtual servers equal to what is declared of them, sorted; those that are left out are to go.
    case some(Set<VirtualServerKey>, [DesiredVirtualServer])
    /// Holds a listing against what is known, for a slice of time: begins a verification, or goes on with it.
    case lookOver(VerificationScope, begins: Bool)
    /// Looks closely at some virtual servers, and at settings.
    case check(
        Set<VirtualServerKey>, DesiredState, withSettings: Bool, repairs: Bool, counts: TableCounts?, looking: Duration)
    /// Looks closely at everything.
    case checkEverything(DesiredState, repairs: Bool)
    /// Removes our virtual servers at some addresses at once, but for those that are declared.
    case release(Set<IPAddress>, keeping: Set<VirtualServerKey>)
    /// Does nothing: nobody looks for drift.
    case nothing
}

/// What a verification looks at closely in any case.
package struct VerificationScope: Sendable {
    /// How much of the table, from 0 to 1.
    var share: Double
    /// The same where the table is too large for a listing.
    var largeShare = 0.0
    /// Virtual servers that others look after.
    var except: Set<VirtualServerKey> = []
}

/// What came of a job of the table.
package enum TableOutcome: Sendable {
    case synced(Result<SyncReport, SyncError>)
    /// So much would go that only a look at everything can tell whether it may.
    case undecided
    /// The listing has not been read to its end.
    case looking
    /// The virtual servers to look at closely, how much of the table is whose, and how long the look took.
    case looked(Set<VirtualServerKey>, TableCounts?, Duration)
    /// Only a close look at everything tells.
    case unknown
    case released(Release)
}

/// The kernel's table of virtual servers, with the ledger of those that are ours.
package final class TableTarget {
    private let synchronizer: Synchronizer
    private let policy: PolicyBox

    /// - Parameter policy: How changes are made, from the next job on.
    package init(_ synchronizer: Synchronizer, policy: PolicyBox = PolicyBox()) {
        self.synchronizer = synchronizer
        self.policy = policy
    }

    /// Does a job. May take as long as the kernel or the disk does.
    package func perform(_ job: TableJob) -> TableOutcome {
        if let next = policy.take() { synchronizer.policy = next }
        do throws(SyncError) {
            switch job {
            case .everything(let desired, let gate):
                return .synced(.success(try synchronizer.synchronize(desired, with: gate)))
            case .some(let keys, let desired):
                return try synchronizer.synchronize(only: keys, desired).map { .synced(.success($0)) } ?? .undecided
            case .lookOver(let scope, let begins): return synchronizer.lookOver(scope, begins: begins)
            case .check(let keys, let desired, let withSettings, let repairs, let counts, let looking):
                let report = try synchronizer.check(
                    keys, desired, withSettings: withSettings, repairs: repairs, counts: counts, looking: looking)
                return report.map { .synced(.success($0)) } ?? .undecided
            case .checkEverything(let desired, let repairs):
                return .synced(.success(try synchronizer.check(desired, repairs: repairs)))
            case .release(let addresses, let kept): return .released(synchronizer.release(addresses, keeping: kept))
            case .nothing: return .synced(.success(try synchronizer.flush()))
            }
        } catch {
            return .synced(.failure(error))
        }
    }
}

/// A policy on its way to the table's thread.
package final class PolicyBox: Sendable {
    private let next = Mutex<ReconcilePolicy?>(nil)

    package init() {}

    package func put(_ policy: ReconcilePolicy) { next.withLock { $0 = policy } }

    fileprivate func take() -> ReconcilePolicy? {
        next.withLock { policy in
            defer { policy = nil }
            return policy
        }
    }
}
