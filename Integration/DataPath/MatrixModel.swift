/// What has to come of a client's questions: a model of the rules, told apart from the product.
enum MatrixModel {
    /// Whose address a pod sees.
    enum Source: Hashable, Sendable {
        case client
        /// The node's: it has masqueraded the connection, or made it.
        case node
    }

    /// The pods that serve, and what each of them sees; nobody serves when it is empty.
    static func servers(of service: MatrixService, for client: LabPlace) -> [LabPlace: Source] {
        var servers: [LabPlace: Source] = [:]
        for pod in service.endpoints.pods where service.policy == .cluster || pod.node == .node1 {
            servers[pod] = keepsSource(service, from: client, to: pod) ? .client : .node
        }
        return servers
    }

    private static func keepsSource(_ service: MatrixService, from client: LabPlace, to pod: LabPlace) -> Bool {
        // A pod would take an answer of itself for nobody's, and the node would come from the Service's own address.
        guard client != pod, client != .node1 else { return false }
        // The answer of a pod on another node comes back here only if the question came from here.
        return service.kind == .clusterIP ? client.isPod : service.policy == .local
    }
}
