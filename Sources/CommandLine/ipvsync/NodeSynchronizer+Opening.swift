internal import Agent
internal import Configuration
internal import IPVS

extension NodeSynchronizer {
    /// The node of this process's network namespace.
    init(_ configuration: Configuration, _ sync: SyncOptions, _ state: NodeStateOptions) throws {
        let store = try state.store()
        self.init(
            Synchronizer(table: try IPVSClient.opened(), store: store, policy: sync.policy(configuration)),
            try state.keeper())
    }
}
