import Documents
import LoadBalancing

extension ValueKind where Value == TelemetrySetting {
    /// `off`, or a mapping.
    static var telemetry: Self {
        .object(.telemetry, orOff: .off) { reader in
            let standard = TelemetryOptions()
            return .on(
                TelemetryOptions(
                    listen: reader(Fields.listen) ?? standard.listen,
                    trafficLimit: reader(Fields.trafficLimit) ?? standard.trafficLimit,
                    healthCheckNodePorts: reader(Fields.healthCheckNodePorts) ?? standard.healthCheckNodePorts))
        }
    }
}

extension ValueKind where Value == Endpoint {
    /// An address of this machine, or the unspecified one for all of them, with a port.
    static var listeningEndpoint: Self {
        let schema: Document = ["type": "string", "pattern": #"^([0-9.]+|\[[0-9A-Fa-f:.]+\]):[0-9]+$"#]
        return ValueKind(schema: schema) { node, field, scope in
            guard let endpoint = (node.scalar?.text).flatMap({ Endpoint($0) }), endpoint.canListen else {
                scope.report(
                    node, "\(field) is \(node.summary)",
                    "write an address with a port, such as 127.0.0.1:10249 or \"[::1]:10249\"")
                return nil
            }
            return endpoint
        }
    }
}

extension Endpoint {
    /// Whether a TCP server can be found there.
    var canListen: Bool { port > 0 && !address.isMulticast }
}
