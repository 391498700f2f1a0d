package import Configuration
package import Reconcile

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
