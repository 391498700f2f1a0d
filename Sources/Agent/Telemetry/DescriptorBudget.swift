package import HTTPService

/// Who may have how many of this process' file descriptors open.
///
/// What tenants and clients make it open is bounded, so that ledger, netlink and API always find a descriptor.
///
///     limit    reserve    places (metrics, health checks)    places (as a kube-proxy)    health check ports
///     1,024        256                            64 each                     32 each                   386
///     16,384       256                         1,024 each                    512 each                12,642
package struct DescriptorBudget: Sendable {
    /// Of the process, in all.
    package let limit: Int
    /// For metrics and health.
    package let telemetry: HTTPServer.Limits
    /// For `ipvsync status`.
    package let local: HTTPServer.Limits
    /// For connections to health check ports.
    package let healthChecks: HTTPServer.Limits
    /// For each of the two places where the agent answers as a kube-proxy does.
    package let kubeProxy: HTTPServer.Limits
    /// Listening sockets of health check ports.
    package let healthCheckPorts: Int
    /// Nobody but the rest of the agent may have these.
    package let reserve: Int

    /// For ledger, netlink, API server, log, programs and files.
    private static let standardReserve = 256

    package init(limit: Int) {
        self.limit = limit
        telemetry = Self.limits(places: limit / 16, atMost: 1024, slow: limit / 64)
        healthChecks = telemetry
        local = Self.limits(places: limit / 64, atMost: 64, slow: limit / 128)
        kubeProxy = Self.limits(places: limit / 32, atMost: 512, slow: limit / 64)
        reserve = min(Self.standardReserve, limit / 4)
        let connections =
            telemetry.descriptors + healthChecks.descriptors + local.descriptors + 2 * kubeProxy.descriptors
        healthCheckPorts = max(1, limit - reserve - connections)
    }

    private static func limits(places: Int, atMost most: Int, slow: Int) -> HTTPServer.Limits {
        var limits = HTTPServer.Limits.standard
        limits.places = max(8, min(most, places))
        limits.slowPlaces = max(4, min(limits.slowPlaces, slow))
        limits.leavingPlaces = max(4, min(limits.leavingPlaces, slow))
        return limits
    }
}
