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
        let rules = try #require(try objects("rbac.yaml").first { $0["kind"]?.scalar?.text == "ClusterRole" }?["rules"])
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

    @Test func theConfigurationIsValid() throws {
        let data = try #require(try objects("configmap.yaml").first?["data"])
        let text = try #require(data["ipvsync.yaml"]?.scalar?.text)
        let configuration = try Configuration.parse(text, file: "ipvsync.yaml")
        #expect(configuration.desired.virtualServers.isEmpty)
        #expect(configuration.settings.telemetry?.options?.kubeProxy == KubeProxyPlaces())
    }
}
