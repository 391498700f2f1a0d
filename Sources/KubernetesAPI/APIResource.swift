/// A collection of objects that is listed and watched.
package struct APIResource: Hashable, Sendable {
    /// `Service`, as the objects' kind.
    package let kind: String
    /// `/api/v1/services`.
    let path: String
    var labelSelector: String?
    var fieldSelector: String?

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

    /// What programming a node takes: its Node, and the Services that are this proxy's with their slices.
    ///
    /// The selectors are those of kube-proxy (`cmd/kube-proxy/app/server.go`).
    ///
    /// - Parameter proxyName: The `service-proxy-name` that is served; `nil` for Services without one.
    package static func proxied(node: String, proxyName: String? = nil) -> [APIResource] {
        let proxy = proxyName.map { "service.kubernetes.io/service-proxy-name=\($0)" }
        let selector = "\(proxy ?? "!service.kubernetes.io/service-proxy-name"),!service.kubernetes.io/headless"
        var services = services
        services.labelSelector = selector
        var slices = endpointSlices
        // Slices carry the labels of their Service.
        slices.labelSelector = selector
        return [services, slices, self.node(named: node)]
    }

    /// Every Service with its slices, for discovery.
    package static func all(node: String) -> [APIResource] { [services, endpointSlices, self.node(named: node)] }

    private static func node(named name: String) -> APIResource {
        APIResource(kind: "Node", path: "/api/v1/nodes", fieldSelector: "metadata.name=\(name)")
    }
}
