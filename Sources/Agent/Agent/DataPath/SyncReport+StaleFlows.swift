internal import LoadBalancing
internal import NodeNetwork
internal import Reconcile

extension SyncReport {
    /// The flows to real servers that have gone, of protocols without connections; and those that went to the address of
    /// a new virtual server before it was there, which the kernel would go on to send past it.
    func staleFlows(_ protocols: Set<TransportProtocol>) -> Set<StaleFlow> {
        var flows: Set<StaleFlow> = []
        for change in changes {
            guard case .endpoint(let transport, let virtualServer)? = change.operation.key,
                protocols.contains(transport)
            else { continue }
            var gone = change.droppedRealServers
            if case .removeRealServer(let endpoint, _) = change.operation { gone.append(endpoint) }
            if case .addVirtualServer = change.operation { gone.append(virtualServer) }
            for endpoint in gone {
                flows.insert(StaleFlow(transport, virtualServer: virtualServer, realServer: endpoint))
            }
        }
        return flows
    }
}
