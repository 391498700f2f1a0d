internal import LoadBalancing
internal import NodeNetwork
internal import Reconcile

extension SyncReport {
    /// The flows to real servers that have gone, of protocols without connections.
    func staleFlows(_ protocols: Set<TransportProtocol>) -> Set<StaleFlow> {
        var flows: Set<StaleFlow> = []
        for change in changes {
            guard case .endpoint(let transport, let virtualServer)? = change.operation.key,
                protocols.contains(transport)
            else { continue }
            var gone = change.droppedRealServers
            if case .removeRealServer(let endpoint, _) = change.operation { gone.append(endpoint) }
            for endpoint in gone {
                flows.insert(StaleFlow(transport, virtualServer: virtualServer, realServer: endpoint))
            }
        }
        return flows
    }
}
