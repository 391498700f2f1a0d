import Documents
import LoadBalancing

extension ValueKind where Value == TelemetrySetting {
    /// `off`, or a mapping.
    static var telemetry: Self {
        .object(.telemetry, orOff: .off) { reader in
            let standard = TelemetryOptions()
            let options = TelemetryOptions(
                listen: reader(Fields.listen) ?? standard.listen,
                trafficLimit: reader(Fields.trafficLimit) ?? standard.trafficLimit,
                healthCheckNodePorts: reader(Fields.healthCheckNodePorts) ?? standard.healthCheckNodePorts,
                kubeProxy: reader(Fields.kubeProxy) ?? nil, events: reader(Fields.events) ?? standard.events)
            reportOverlaps(options, reader)
            return .on(options)
        }
    }

    /// Two servers cannot listen at one place; kube-proxy's metrics and our own are served by one if they have the same.
    private static func reportOverlaps(_ options: TelemetryOptions, _ reader: MappingReader) {
        guard let kubeProxy = options.kubeProxy else { return }
        let node = reader.place(of: Fields.kubeProxy.name)
        if let healthz = kubeProxy.healthz {
            for (name, other) in [("listen", options.listen), ("kubeProxy.metrics", kubeProxy.metrics)] {
                guard let other, healthz.overlaps(other) else { continue }
                reader.scope.report(
                    node, "healthz is \(healthz), and \(name) is \(other)", "give each a port of its own")
            }
        }
        if let metrics = kubeProxy.metrics, metrics != options.listen, metrics.overlaps(options.listen) {
            reader.scope.report(
                node, "metrics is \(metrics), and listen is \(options.listen)",
                "write the same for both, and one server answers, or give each a port of its own")
        }
    }
}

extension ValueKind where Value == KubeProxyPlaces? {
    /// `off`, or a mapping.
    static var kubeProxy: Self {
        .object(.kubeProxyPlaces, orOff: nil) { reader in
            let standard = KubeProxyPlaces()
            return KubeProxyPlaces(
                healthz: reader(Fields.kubeProxyHealthz) ?? standard.healthz,
                metrics: reader(Fields.kubeProxyMetrics) ?? standard.metrics)
        }
    }
}

extension ValueKind where Value == ListeningPlace {
    /// A port of an address of this machine, of the unspecified one for all of a family, or of none for all.
    static var listeningPlace: Self {
        let schema: Document = ["type": "string", "pattern": #"^([0-9.]+|\[[0-9A-Fa-f:.]+\])?:[0-9]+$"#]
        return ValueKind(schema: schema) { node, field, scope in
            guard let place = (node.scalar?.text).flatMap({ ListeningPlace($0) }), place.canListen else {
                scope.report(
                    node, "\(field) is \(node.summary)",
                    "write an address with a port, such as 127.0.0.1:10249 or \"[::1]:10249\", or \":10249\" for all "
                        + "addresses")
                return nil
            }
            return place
        }
    }
}

extension ValueKind where Value == ListeningPlace? {
    /// `off`, or a port.
    static var listeningPlaceOrOff: Self {
        let place = ValueKind<ListeningPlace>.listeningPlace
        return ValueKind(schema: ["anyOf": [["const": "off"], place.schema]]) { node, field, scope in
            if node.scalar?.text == "off" { return .some(nil) }
            return place.read(node, field, scope)
        }
    }
}
