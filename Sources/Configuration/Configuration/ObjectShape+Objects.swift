import Documents

extension ObjectShape {
    /// A whole file.
    static let file = ObjectShape([
        Fields.apiVersion, Fields.defaults, Fields.drainTimeout, Fields.removalGuard, Fields.syncInterval,
        Fields.minSyncInterval,
        Fields.auditInterval, Fields.drift, Fields.cleanupOnExit, Fields.telemetry, Fields.logging, Fields.services,
        Fields.network, Fields.timeouts, Fields.syncDaemons, Fields.namedChecks, Fields.hooks, Fields.virtualServers,
    ])

    static let telemetry = ObjectShape([
        Fields.listen, Fields.trafficLimit, Fields.healthCheckNodePorts, Fields.kubeProxy, Fields.events,
    ])

    static let kubeProxyPlaces = ObjectShape([Fields.kubeProxyHealthz, Fields.kubeProxyMetrics])

    static let logging = ObjectShape([Fields.logFormat, Fields.logLevel])

    static let services = ObjectShape([
        Fields.scheduler, Fields.nodePortAddresses, Fields.localFallback, Fields.proxyName, Fields.annotations,
        Fields.externalIPs, Fields.loadBalancerIPs, Fields.nodeAddresses, Fields.edge,
        Fields.checkInterval, Fields.checksPerNamespace,
    ])

    static let addressAllowance = ObjectShape([Fields.allowedNetworks, Fields.allowedNamespaces])

    static let network = ObjectShape([
        Fields.vipBinding, Fields.device, Fields.serviceCIDRs, Fields.firewall, Fields.clusterCIDRs,
        Fields.masqueradeAll, Fields.masqueradeMark, Fields.sysctls, Fields.strictARP, Fields.conntrackMax,
        Fields.conntrackMaxPerCore, Fields.tcpEstablishedTimeout, Fields.tcpCloseWaitTimeout, Fields.flushConntrack,
    ])

    static let defaults = ObjectShape(
        [
            Fields.transportProtocol, Fields.scheduler, Fields.schedulerFlags, Fields.persistence, Fields.drainTimeout,
            Fields.activeWhen,
        ] + serverFields + healthFields)

    static let virtualServer = ObjectShape(
        [
            Fields.name, Fields.address, Fields.transportProtocol, Fields.port, Fields.firewallMark, Fields.family,
            Fields.scheduler, Fields.schedulerFlags, Fields.onePacket, Fields.persistence,
            Fields.persistenceEngine, Fields.drainTimeout, Fields.activeWhen,
        ] + serverFields + healthFields + [Fields.backup, Fields.realServers], required: ["realServers"],
        keywords: [
            .init(
                "oneOf",
                [
                    [
                        "required": ["address"],
                        "not": ["anyOf": [["required": ["firewallMark"]], ["required": ["family"]]]],
                    ],
                    [
                        "required": ["firewallMark"],
                        "not": [
                            "anyOf": [["required": ["address"]], ["required": ["protocol"]], ["required": ["port"]]]
                        ],
                    ],
                ])
        ])

    static let realServer = ObjectShape(
        [Fields.address, Fields.port] + serverFields + [Fields.checks], required: ["address"])

    static let activation = ObjectShape([Fields.activeAddress], required: ["address"])

    static let backup = ObjectShape([Fields.address, Fields.port] + serverFields, required: ["address"])

    static let persistence = ObjectShape(
        [Fields.persistenceTimeout, Fields.granularity, Fields.engine], required: ["timeout"])

    static let tunnel = ObjectShape([Fields.tunnelType, Fields.tunnelPort, Fields.tunnelChecksum], required: ["type"])

    static let timeouts = ObjectShape([Fields.tcpTimeout, Fields.tcpFinTimeout, Fields.udpTimeout])

    static let syncDaemon = ObjectShape(
        [
            Fields.daemonRole, Fields.interface, Fields.syncID, Fields.maximumLength, Fields.group, Fields.daemonPort,
            Fields.timeToLive,
        ], required: ["role", "interface"])

    static let removalGuard = ObjectShape([Fields.removalShare, Fields.removalMinimum])

    /// What a virtual server or defaults may say for real servers.
    private static let serverFields: [any FieldDescription] = [
        Fields.forwarding, Fields.tunnel, Fields.weight, Fields.upperThreshold, Fields.lowerThreshold,
    ]
}
