/// A collection of objects that is listed and watched.
package struct APIResource: Hashable, Sendable {
    /// `Service`, as the objects' kind.
    package let kind: String
    /// `/api/v1/services`; of several, one after another, the first that the server has.
    private let paths: [String]
    private var choice = 0
    var labelSelector: String?
    var fieldSelector: String?
    /// Whether a server may do without it, or keep it from us.
    package let isOptional: Bool

    private init(kind: String, path: String, older: [String] = [], isOptional: Bool = false) {
        self.kind = kind
        paths = [path] + older
        self.isOptional = isOptional
    }

    var path: String { paths[choice] }

    /// Goes on to the next path; says whether there is one that was not tried.
    mutating func turn() -> Bool {
        choice = (choice + 1) % paths.count
        return choice > 0
    }

    /// `v1`, or `discovery.k8s.io/v1`, as the objects' `apiVersion`.
    var apiVersion: String {
        let parts = path.split(separator: "/").dropFirst().dropLast()
        return parts.joined(separator: "/")
    }

    /// The name in the path: `services`.
    package var name: String { String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...]) }

    private static let services = APIResource(kind: "Service", path: "/api/v1/services")
    private static let endpointSlices = APIResource(
        kind: "EndpointSlice", path: "/apis/discovery.k8s.io/v1/endpointslices")

    private static let nodes = APIResource(kind: "Node", path: "/api/v1/nodes")
    /// Since Kubernetes 1.33, and before it of another version.
    private static let serviceCIDRs = APIResource(
        kind: "ServiceCIDR", path: "/apis/networking.k8s.io/v1/servicecidrs",
        older: ["/apis/networking.k8s.io/v1beta1/servicecidrs"], isOptional: true)

    /// What programming a node takes: the Services that are this proxy's with their slices; and whose addresses no
    /// Service may have, the nodes and the service networks.
    ///
    /// The selectors are those of kube-proxy 1.36 (`cmd/kube-proxy/app/server.go`). A slice may be made by hand: whether
    /// it carries the name of a proxy counts for nothing.
    ///
    /// - Parameter proxyName: The `service-proxy-name` that is served; `nil` for Services without one.
    package static func proxied(proxyName: String? = nil) -> [APIResource] {
        let proxy = proxyName.map { "service.kubernetes.io/service-proxy-name=\($0)" }
        var services = services
        services.labelSelector = proxy ?? "!service.kubernetes.io/service-proxy-name"
        services.fieldSelector = "spec.clusterIP!=None"
        var slices = endpointSlices
        slices.labelSelector = "!service.kubernetes.io/headless"
        return [services, slices, nodes, serviceCIDRs]
    }

    /// Every Service with its slices, for discovery.
    package static func all(node: String) -> [APIResource] { [services, endpointSlices, self.node(named: node)] }

    /// Every Service with its slices, and what decides of their addresses, for explanations.
    package static var explained: [APIResource] { [services, endpointSlices, nodes, serviceCIDRs] }

    private static func node(named name: String) -> APIResource {
        var node = nodes
        node.fieldSelector = "metadata.name=\(name)"
        return node
    }
}
