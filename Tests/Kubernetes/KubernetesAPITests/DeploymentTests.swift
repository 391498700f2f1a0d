import Configuration
import Documents
import Foundation
import LoadBalancing
import Testing

@testable import KubernetesAPI

/// The files for deployment against the program that they deploy.
struct DeploymentTests {
    private func objects(_ name: String) throws -> [YAMLNode] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
        let data = try Data(contentsOf: root.appendingPathComponent("scripts/deploy/\(name)"))
        return try YAMLNode.documents(in: Array(data))
    }

    @Test func theRightsAreThoseThatAreUsed() throws {
        let rules = try #require(
            try objects("base/rbac.yaml").first { $0["kind"]?.scalar?.text == "ClusterRole" }?["rules"])
        var granted: Set<String> = []
        for rule in rules.sequence ?? [] {
            let texts = { (name: String) in (rule[name]?.sequence ?? []).compactMap { $0.scalar?.text } }
            // Events alone are written, and never read.
            if texts("resources") == ["events"] {
                #expect(texts("apiGroups") == ["events.k8s.io"] && texts("verbs").sorted() == ["create", "patch"])
                continue
            }
            #expect(texts("verbs").sorted() == ["list", "watch"])
            for group in texts("apiGroups") { granted.formUnion(texts("resources").map { "\(group)/\($0)" }) }
        }
        let used = Set(
            APIResource.proxied().map { resource in
                resource.path.hasPrefix("/apis/")
                    ? "\(resource.path.split(separator: "/")[1])/\(resource.name)" : "/\(resource.name)"
            })
        #expect(granted == used)
    }

    /// The configuration of an overlay.
    private func configuration(_ overlay: String) throws -> Configuration {
        let data = try #require(try objects("overlays/\(overlay)/configmap.yaml").first?["data"])
        let text = try #require(data["ipvsync.yaml"]?.scalar?.text)
        return try Configuration.parse(text, file: "\(overlay).yaml")
    }

    @Test(arguments: ["kube-proxy", "beside", "edge"]) func theConfigurationIsValid(_ overlay: String) throws {
        let configuration = try configuration(overlay)
        #expect(configuration.desired.virtualServers.isEmpty)
        let telemetry = configuration.settings.telemetry?.options
        // Where another proxy runs, its ports are taken.
        #expect(telemetry?.kubeProxy == (overlay == "beside" ? nil : KubeProxyPlaces()))
        let services = configuration.settings.services
        #expect(services?.proxyName == (overlay == "beside" ? "ipvsync" : nil))
        #expect(services?.edge == (overlay == "edge" ? true : nil))
    }

    /// The probes of the Pod ask where the agent listens.
    @Test func probesAskWhereTheAgentListens() throws {
        let patch = try #require(try objects("overlays/beside/ports.yaml").first)
        let container = patch["spec"]?["template"]?["spec"]?["containers"]?.sequence?.first
        let ports = ["livenessProbe", "readinessProbe"].map { container?[$0]?["httpGet"]?["port"]?.scalar?.text }
        #expect(ports == ["10269", "10269"])
        let data = try objects("overlays/beside/configmap.yaml").first?["data"]?["ipvsync.yaml"]?.scalar?.text
        #expect(data?.contains("listen: \"127.0.0.1:10269\"") == true)
    }
}
