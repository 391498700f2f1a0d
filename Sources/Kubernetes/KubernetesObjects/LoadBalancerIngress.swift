/// One entry of `status.loadBalancer.ingress`.
package struct LoadBalancerIngress: Hashable, Sendable {
    /// Empty when there is only a host name.
    package var ip: String
    package var hostname: String
    /// `VIP` or `Proxy`; `nil` counts as `VIP`.
    package var ipMode: String?

    package init(ip: String = "", hostname: String = "", ipMode: String? = nil) {
        self.ip = ip
        self.hostname = hostname
        self.ipMode = ipMode
    }
}
