import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

/// Annotations of other programs that mean what ours mean.
@Suite struct AliasTests {
    private static func translate(
        _ annotations: String, heeding heeded: HeededAnnotations = .all, slice: String = ""
    ) throws -> TranslatedService {
        var policy = TranslationPolicy(nodeName: "n1")
        policy.annotations = heeded
        return try Cluster(
            """
            {apiVersion: v1, kind: Service, metadata: {name: web, annotations: {\(annotations)}}, spec: {
              clusterIPs: [10.96.0.1], externalIPs: [203.0.113.1], ports: [{port: 80}]}}
            ---
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: s,
              labels: {kubernetes.io/service-name: web}, annotations: {\(slice)}}, ports: [{port: 80}],
              endpoints: [{addresses: [10.1.0.1]}]}
            """, policy: policy
        ).service("web")
    }

    private static func scheduler(_ service: TranslatedService) -> Scheduler? {
        service.virtualServers.first?.desired.virtualServer.scheduler
    }

    @Test(
        arguments: [
            ("kube-router.io/service.scheduler: lc", "lc", []), ("kube-router.io/service.scheduler: dh", "dh", []),
            // Ours first.
            ("ipvsync.io/scheduler: wlc, kube-router.io/service.scheduler: lc", "wlc", []),
            ("kube-router.io/service.scheduler: mh", "mh", [.flag1, .flag2]),
            ("kube-router.io/service.scheduler: mh, kube-router.io/service.schedflags: 'flag-1'", "mh", [.flag1]),
            (
                "kube-router.io/service.scheduler: mh, kube-router.io/service.schedflags: 'flag-2, flag-3'", "mh",
                [.flag2, .flag3]
            ),
            ("ipvsync.io/scheduler: mh, kube-router.io/service.schedflags: flag-1", "mh", [.flag1]),
            (
                "kube-router.io/service.scheduler: mh, ipvsync.io/scheduler-flags: mh-port, "
                    + "kube-router.io/service.schedflags: flag-1", "mh", [.flag2]
            ),
            // kube-router heeds them for mh alone.
            ("kube-router.io/service.scheduler: sh, kube-router.io/service.schedflags: flag-1", "sh", []),
            // It looks whether this one is there, and ipvsync does it for every Service.
            ("kube-router.io/service.hairpin: ''", "rr", []),
        ] as [(String, String, SchedulerFlags)])
    func schedulersOfKubeRouter(annotations: String, name: String, flags: SchedulerFlags) throws {
        let service = try Self.translate(annotations)
        #expect(Self.scheduler(service)?.name == name && Self.scheduler(service)?.flags == flags)
        #expect(service.warnings.isEmpty)
    }

    /// It is for connections from outside; those to cluster IPs are masqueraded, as kube-router does.
    @Test func directReturnIsForExternalAddresses() throws {
        let methods = { (service: TranslatedService) in
            service.virtualServers.map { $0.desired.realServers.map(\.forwarding) }
        }
        let service = try Self.translate("kube-router.io/service.dsr: tunnel")
        #expect(methods(service) == [[.masquerade], [.tunnel(.ipip)]] && service.warnings.isEmpty)
        let ours = try Self.translate("kube-router.io/service.dsr: tunnel, ipvsync.io/forwarding: direct")
        #expect(methods(ours) == [[.direct], [.direct]])
    }

    @Test(arguments: [
        ("kube-router.io/service.scheduler: best", "kube-router.io/service.scheduler: \"best\" is not a scheduler"),
        ("kube-router.io/service.dsr: direct", "kube-router.io/service.dsr: \"direct\" is not tunnel"),
        (
            "kube-router.io/service.scheduler: mh, kube-router.io/service.schedflags: flag-9",
            "kube-router.io/service.schedflags: \"flag-9\" is not a list of"
        ),
    ])
    func unknownValuesAreWarnings(annotations: String, warning: String) throws {
        let service = try Self.translate(annotations)
        #expect(service.warnings.count == 1)
        #expect(service.warnings.first?.message.contains(warning) == true, "\(service.warnings)")
        #expect(service.virtualServers.count == 2)
    }

    @Test func thePolicyHoldsForThemToo() throws {
        let all = "kube-router.io/service.scheduler: lc, kube-router.io/service.dsr: tunnel"
        for heeded in [HeededAnnotations.none, .named(["weight"])] {
            let service = try Self.translate(all, heeding: heeded)
            #expect(Self.scheduler(service)?.name == "rr")
            #expect(service.virtualServers.allSatisfy { $0.desired.realServers.map(\.forwarding) == [.masquerade] })
            #expect(service.warnings.map(\.message).contains { $0.contains("kube-router.io/service.dsr, kube-router") })
        }
        #expect(Self.scheduler(try Self.translate(all, heeding: .named(["scheduler"])))?.name == "lc")
    }

    @Test(
        arguments: [
            ("service.cilium.io/weight: '0'", 0, 0), ("service.cilium.io/weight: '7'", 7, 0),
            ("service.cilium.io/weight: '7', ipvsync.io/weight: '3'", 3, 0), ("service.cilium.io/weight: '-1'", 1, 1),
            ("service.cilium.io/weight: heavy", 1, 1), ("service.cilium.io/weight: '99999999999'", 1, 1),
        ] as [(String, UInt32, Int)])
    func theWeightOfASlice(annotation: String, weight: UInt32, warnings: Int) throws {
        let service = try Self.translate("", slice: annotation)
        #expect(service.virtualServers.first?.desired.realServers.map(\.weight) == [weight])
        #expect(service.warnings.count == warnings)
        let unheeded = try Self.translate("", heeding: .none, slice: annotation)
        #expect(unheeded.virtualServers.first?.desired.realServers.map(\.weight) == [1])
    }
}
