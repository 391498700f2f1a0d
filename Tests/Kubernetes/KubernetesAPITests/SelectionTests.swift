import Foundation
import KubernetesAPI
import KubernetesObjects
import LoadBalancing
import Manifests
import ServiceTranslation
import Testing

/// A live API server's lists and a dump of the same objects mean the same table (kube-proxy 1.36, k/k#134623).
@Suite struct SelectionTests {
    private static func service(_ name: String, _ address: String, labels: [String: String] = [:]) -> [String: Any] {
        [
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": name, "namespace": "default", "labels": labels],
            "spec": ["clusterIP": address, "clusterIPs": [address], "ports": [["port": 80]]],
        ]
    }

    private static func slice(_ service: String, _ address: String, labels: [String: String] = [:]) -> [String: Any] {
        let labels = labels.merging(["kubernetes.io/service-name": service]) { $1 }
        return [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": ["name": "\(service)-\(address)", "namespace": "default", "labels": labels],
            "ports": [["port": 8080]], "endpoints": [["addresses": [address]]],
        ]
    }

    private static let proxyName = "service.kubernetes.io/service-proxy-name"
    private static let headless = "service.kubernetes.io/headless"

    private let services = [
        Self.service("plain", "10.96.0.1"), Self.service("labelled", "10.96.0.2", labels: [Self.headless: ""]),
        Self.service("edge", "10.96.0.3", labels: [Self.proxyName: "edge"]),
        Self.service("headless", "None", labels: [Self.headless: ""]),
    ]
    private let slices = [
        Self.slice("plain", "10.244.1.1"), Self.slice("plain", "10.244.1.2", labels: [Self.proxyName: "other"]),
        Self.slice("plain", "10.244.1.3", labels: [Self.headless: ""]), Self.slice("labelled", "10.244.1.4"),
        Self.slice("edge", "10.244.1.5"), Self.slice("edge", "10.244.1.6", labels: [Self.proxyName: "edge"]),
        Self.slice("headless", "10.244.1.7", labels: [Self.headless: ""]),
    ]

    private static func table(_ objects: [KubernetesObject], _ proxyName: String?) -> [String] {
        let policy = TranslationPolicy(nodeName: "n1", proxyName: proxyName)
        return ServiceIndex(objects, translator: ServiceTranslator(policy: policy)).desiredVirtualServers
            .map { server in "\(server.key): " + server.realServers.map(\.endpoint.description).joined(separator: " ") }
    }

    @Test(arguments: [
        (
            nil,
            ["tcp 10.96.0.1:80: 10.244.1.1:8080 10.244.1.2:8080", "tcp 10.96.0.2:80: 10.244.1.4:8080"]
        ),
        ("edge", ["tcp 10.96.0.3:80: 10.244.1.5:8080 10.244.1.6:8080"]),
    ])
    func liveListsAndManifestsAgree(proxyName: String?, expected: [String]) throws {
        let server = try StandIn()
        for (collection, objects) in [("services", services), ("endpointslices", slices)] {
            for object in objects { try server.tell(["set": collection, "object": object]) }
        }
        let dump = try JSONSerialization.data(
            withJSONObject: ["apiVersion": "v1", "kind": "List", "items": services + slices])
        let manifests = try Manifests.parse(Array(dump), file: "dump.json").objects
        #expect(Self.table(manifests, proxyName) == expected)
        // What a node programs, and what explains it.
        for resources in [APIResource.proxied(proxyName: proxyName), APIResource.explained] {
            let live = try ClusterWatch.snapshot(server.access, resources).objects
            #expect(Self.table(live, proxyName) == expected)
        }
    }
}
