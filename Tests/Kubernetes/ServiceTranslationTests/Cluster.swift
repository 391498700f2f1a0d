// swift-format-ignore-file: NeverForceUnwrap

import Documents
import KubernetesObjects
import LoadBalancing

@testable import ServiceTranslation

/// Objects from YAML, translated.
struct Cluster {
    var index: ServiceIndex

    init(_ yaml: String, policy: TranslationPolicy = TranslationPolicy(nodeName: "n1", zone: "z1")) throws {
        try self.init(Self.objects(yaml), policy: policy)
    }

    init(_ objects: [KubernetesObject], policy: TranslationPolicy = TranslationPolicy(nodeName: "n1", zone: "z1")) {
        index = ServiceIndex(translator: ServiceTranslator(policy: policy, explains: true))
        for object in objects { add(object) }
        _ = index.refresh()
    }

    static func objects(_ yaml: String) throws -> [KubernetesObject] {
        try YAMLNode.documents(in: yaml).map { try KubernetesObject($0) }
    }

    mutating func add(_ object: KubernetesObject) {
        index.update { $0.set(object) }
    }

    mutating func refresh() { _ = index.refresh() }

    /// Each virtual server with its real servers, as text.
    var table: [String] {
        index.desiredVirtualServers.map { server in
            "\(server.key): " + server.realServers.map(\.endpoint.description).joined(separator: " ")
        }
    }

    func service(_ name: String) -> TranslatedService { index[ObjectName(namespace: "default", name: name)]! }
}

extension IPAddress {
    static func of(_ text: String) -> IPAddress { IPAddress(text)! }
}

extension IPPrefix {
    static func of(_ text: String) -> IPPrefix { IPPrefix(text)! }
}
