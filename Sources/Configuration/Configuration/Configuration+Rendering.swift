import Documents
import LoadBalancing

extension Configuration {
    /// The configuration as a file that ``parse(_:file:)-swift.type.method`` reads back to the same state.
    ///
    /// Values that are the built-in defaults are left out. ``places`` is not written.
    package func yaml() -> String { document.yaml() }

    private var document: Document {
        var members: [Document.Member] = []
        members.append(settings.drainTimeout, as: Fields.drainTimeout) { .string(DurationText.text($0)) }
        members.append(settings.removalGuard, as: Fields.removalGuard, \.document)
        members.append(settings.syncInterval, as: Fields.syncInterval) { .string(DurationText.text($0)) }
        members.append(settings.minSyncInterval, as: Fields.minSyncInterval) {
            .string(DurationText.text(milliseconds: $0))
        }
        members.append(settings.auditInterval, as: Fields.auditInterval) { .string(DurationText.text($0)) }
        members.append(settings.drift, as: Fields.drift) { .string($0.rawValue) }
        members.append(settings.cleanupOnExit, as: Fields.cleanupOnExit, Document.bool)
        members.append(settings.telemetry, as: Fields.telemetry, \.document)
        members.append(settings.logging, as: Fields.logging, \.document)
        members.append(settings.services, as: Fields.services, \.document)
        members.append(settings.network, as: Fields.network, \.document)
        members.append(settings.hooks, as: Fields.hooks, \.document)
        members.append(desired.timeouts, as: Fields.timeouts, \.document)
        members.append(desired.syncDaemons, as: Fields.syncDaemons) { .sequence($0.map(\.document)) }
        members.append(desired.virtualServers, as: Fields.virtualServers) { servers in
            .sequence(servers.map { $0.document(health[$0.key]) })
        }
        return .mapping(members)
    }
}

extension [Document.Member] {
    /// Adds a value under the name of its field, unless there is none.
    mutating func append<Value, Declared>(
        _ value: Value?, as field: Field<Declared>, _ document: (Value) -> Document
    ) {
        if let value { append(Document.Member(field.name, document(value))) }
    }
}

extension RemovalGuardSetting {
    fileprivate var document: Document {
        guard case .limit(let share, let minimum) = self else { return "off" }
        return .mapping([
            .init(Fields.removalShare.name, ShareText.document(share)),
            .init(Fields.removalMinimum.name, .integer(Int64(minimum))),
        ])
    }
}

extension TelemetrySetting {
    fileprivate var document: Document {
        guard let options else { return "off" }
        var members: [Document.Member] = [
            .init(Fields.listen.name, .string(options.listen.description)),
            .init(Fields.trafficLimit.name, .integer(Int64(options.trafficLimit))),
            .init(Fields.healthCheckNodePorts.name, .bool(options.healthCheckNodePorts)),
        ]
        members.append(options.kubeProxy, as: Fields.kubeProxy, \.document)
        members.append(options.events ? nil : false, as: Fields.events, Document.bool)
        return .mapping(members)
    }
}

extension KubeProxyPlaces {
    fileprivate var document: Document {
        .mapping([
            .init(Fields.kubeProxyHealthz.name, .string(healthz?.description ?? "off")),
            .init(Fields.kubeProxyMetrics.name, .string(metrics?.description ?? "off")),
        ])
    }
}

extension LoggingSettings {
    fileprivate var document: Document {
        .mapping([
            .init(Fields.logFormat.name, .string(format.rawValue)),
            .init(Fields.logLevel.name, .string(level.rawValue)),
        ])
    }
}

extension ServiceDefaults {
    fileprivate var document: Document {
        var members: [Document.Member] = []
        members.append(scheduler, as: Fields.scheduler, Document.string)
        members.append(nodePortAddresses, as: Fields.nodePortAddresses) { addresses in
            switch addresses {
            case .all: "all"
            case .primary: "primary"
            case .networks(let networks): .sequence(networks.map { .string($0.description) })
            case .primaryAnd(let networks): .sequence(["primary"] + networks.map { .string($0.description) })
            }
        }
        members.append(localFallback, as: Fields.localFallback, Document.bool)
        members.append(proxyName, as: Fields.proxyName, Document.string)
        members.append(annotations, as: Fields.annotations) { annotations in
            switch annotations {
            case .all: "all"
            case .none: "none"
            case .named(let names): .sequence(names.map(Document.string))
            }
        }
        members.append(externalIPs, as: Fields.externalIPs, \.document)
        members.append(loadBalancerIPs, as: Fields.loadBalancerIPs, \.document)
        members.append(nodeAddresses, as: Fields.nodeAddresses, Document.bool)
        members.append(edge, as: Fields.edge, Document.bool)
        members.append(checkInterval, as: Fields.checkInterval) { .string(DurationText.text(milliseconds: $0)) }
        members.append(checksPerNamespace, as: Fields.checksPerNamespace) { .integer(Int64($0)) }
        return .mapping(members)
    }
}

extension ConnectionTimeouts {
    fileprivate var document: Document {
        var members: [Document.Member] = []
        members.append(tcp, as: Fields.tcpTimeout) { .string(DurationText.text($0)) }
        members.append(tcpFin, as: Fields.tcpFinTimeout) { .string(DurationText.text($0)) }
        members.append(udp, as: Fields.udpTimeout) { .string(DurationText.text($0)) }
        return .mapping(members)
    }
}

extension SyncDaemon {
    fileprivate var document: Document {
        var members: [Document.Member] = []
        members.append(role, as: Fields.daemonRole) { .string($0.description) }
        members.append(interface, as: Fields.interface, Document.string)
        members.append(syncID == 0 ? nil : syncID, as: Fields.syncID) { .integer(Int64($0)) }
        members.append(maximumLength, as: Fields.maximumLength) { .integer(Int64($0)) }
        members.append(group, as: Fields.group) { .string($0.description) }
        members.append(port, as: Fields.daemonPort) { .integer(Int64($0)) }
        members.append(timeToLive, as: Fields.timeToLive) { .integer(Int64($0)) }
        return .mapping(members)
    }
}
