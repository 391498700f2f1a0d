package import LoadBalancing

extension DesiredState {
    /// The declaration of what the kernel holds: what an import writes down.
    package init(_ observed: ObservedState) {
        self.init(
            virtualServers: observed.virtualServers.map { virtualServer in
                DesiredVirtualServer(
                    virtualServer.virtualServer, realServers: virtualServer.realServers.map(\.realServer))
            }, timeouts: observed.timeouts, syncDaemons: observed.syncDaemons)
    }
}
