import Configuration
import KubernetesObjects
import Testing

@testable import Manifests

/// `apiVersion` and `kind` together name an object.
@Suite struct ForeignObjectTests {
    private func parse(_ text: String) throws -> Manifests { try Manifests.parse(Array(text.utf8), file: "x.yaml") }

    private static let service = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}"

    /// Knative's Service and the one that belongs to it have the same name; so have Longhorn's Node and the Node.
    @Test func kindsOfOtherGroupsArePassedOver() throws {
        let manifests = try parse(
            """
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: web}, spec: {template: {}}}
            - \(Self.service)
            - {apiVersion: longhorn.io/v1beta2, kind: Node, metadata: {name: n1, namespace: longhorn-system}}
            - {apiVersion: v1, kind: Node, metadata: {name: n1}}
            - {apiVersion: example.com/v1, kind: Endpoints, metadata: {name: web}, subsets: 5}
            - {apiVersion: metrics.k8s.io/v1beta1, kind: Pod, metadata: {name: a}}
            - {apiVersion: example.com/v1, kind: EndpointSlice, metadata: {name: a}}
            """)
        #expect(manifests.objects.map { $0.identity?.description } == ["Service default/web", "Node n1"])
        #expect(
            manifests.skipped == [
                "Service of serving.knative.dev/v1": 1, "Node of longhorn.io/v1beta2": 1,
                "Endpoints of example.com/v1": 1,
                "Pod of metrics.k8s.io/v1beta1": 1, "EndpointSlice of example.com/v1": 1,
            ])
    }

    @Test func aListSaysOfWhichGroupItsItemsAre() throws {
        let own = try parse("apiVersion: v1\nkind: ServiceList\nitems: [{metadata: {name: a}}]\n")
        #expect(own.objects.count == 1)
        #expect(throws: ConfigurationErrors.self) {
            try parse("apiVersion: serving.knative.dev/v1\nkind: ServiceList\nitems: [{metadata: {name: a}}]\n")
        }
    }

    @Test func slicesOfOldVersionsTellTheirNodeByTopology() throws {
        let manifests = try parse(
            """
            apiVersion: discovery.k8s.io/v1beta1
            kind: EndpointSlice
            metadata: {name: web-a}
            addressType: IPv4
            endpoints:
            - {addresses: [10.244.1.5], topology: {kubernetes.io/hostname: n1, topology.kubernetes.io/zone: za}}
            - {addresses: [10.244.1.6], nodeName: n2, topology: {kubernetes.io/hostname: n1}}
            - {addresses: [10.244.1.7]}
            """)
        guard case .endpointSlice(let slice) = manifests.objects.first else {
            Issue.record("no slice")
            return
        }
        #expect(slice.endpoints.map(\.nodeName) == ["n1", "n2", ""])
        let error = #expect(throws: ConfigurationErrors.self) {
            try parse("apiVersion: discovery.k8s.io/v1alpha1\nkind: EndpointSlice\nmetadata: {name: a}\n")
        }
        #expect(error?.description.contains("discovery.k8s.io/v1alpha1; dump the slices as") == true)
    }

    /// kubectl takes the last of two equal keys: refused where it matters, passed over where it does not.
    @Test func flawsOfOtherKindsRefuseNothing() throws {
        let deep = String(repeating: "{a: ", count: 80) + "1" + String(repeating: "}", count: 80)
        for other in ["data: {k: v, k: w}", "metadata: {name: b}", "spec: \(deep)"] {
            let manifests = try parse(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n\(other)\n---\n\(Self.service)\n")
            #expect(manifests.objects.count == 1 && manifests.skipped == ["ConfigMap": 1])
        }
        let error = #expect(throws: ConfigurationErrors.self) {
            try parse(
                "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n  - port: 80\n    port: 81\n")
        }
        #expect(
            error?.description
                == "x.yaml:7:5: Service default/web: the key `port` stands here and in line 6; keep one of the two")
        // Of two kinds, kubectl takes the last.
        for other in [
            "kind: ConfigMap\nkind: Service", "kind: Service\nkind: ConfigMap", "kind: Service\napiVersion: a/v1",
        ] {
            let error = #expect(throws: ConfigurationErrors.self) {
                try parse("apiVersion: v1\n\(other)\nmetadata: {name: a}\ndata: {k: v, k: w}\n---\n\(Self.service)\n")
            }
            #expect(error?.description.contains("stands here and in line") == true)
        }
        let json = #"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "name": "web2"}}"#
        #expect(throws: ConfigurationErrors.self) { try Manifests.parse(Array(json.utf8), file: "x.json") }
    }
}
