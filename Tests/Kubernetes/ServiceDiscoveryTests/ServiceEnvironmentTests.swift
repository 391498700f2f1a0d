import Documents
import KubernetesObjects
import ServiceTranslation
import Testing

@testable import ServiceDiscovery

@Suite struct ServiceEnvironmentTests {
    private static let services = """
        {kind: Service, metadata: {name: redis-primary, namespace: shop}, spec: {clusterIP: 10.0.0.11,
          ports: [{name: db-main, port: 6379}, {name: gossip, port: 7946, protocol: UDP}]}}
        ---
        {kind: Service, metadata: {name: six, namespace: shop}, spec: {clusterIP: "fd00::1", ports: [{port: 80}]}}
        ---
        {kind: Service, metadata: {name: headless, namespace: shop}, spec: {clusterIP: None, ports: [{port: 80}]}}
        ---
        {kind: Service, metadata: {name: alias, namespace: shop}, spec: {type: ExternalName, externalName: x.example}}
        ---
        {kind: Service, metadata: {name: kubernetes}, spec: {clusterIP: 10.0.0.1, ports: [{name: https, port: 443}]}}
        ---
        {kind: Service, metadata: {name: other}, spec: {clusterIP: 10.0.0.2, ports: [{port: 80}]}}
        """

    private func variables(_ namespace: String) throws -> [String] {
        let objects = try YAMLNode.documents(in: Self.services).map { try KubernetesObject($0) }
        let index = ServiceIndex(objects, translator: ServiceTranslator(policy: TranslationPolicy()))
        return ServiceEnvironment(namespace: namespace, in: index.cluster).variables.map { "\($0.name)=\($0.value)" }
    }

    @Test func everyPortHasItsVariablesAndLinks() throws {
        #expect(
            try variables("shop").filter { $0.hasPrefix("REDIS_PRIMARY") } == [
                "REDIS_PRIMARY_SERVICE_HOST=10.0.0.11", "REDIS_PRIMARY_SERVICE_PORT=6379",
                "REDIS_PRIMARY_SERVICE_PORT_DB_MAIN=6379", "REDIS_PRIMARY_SERVICE_PORT_GOSSIP=7946",
                "REDIS_PRIMARY_PORT=tcp://10.0.0.11:6379", "REDIS_PRIMARY_PORT_6379_TCP=tcp://10.0.0.11:6379",
                "REDIS_PRIMARY_PORT_6379_TCP_PROTO=tcp", "REDIS_PRIMARY_PORT_6379_TCP_PORT=6379",
                "REDIS_PRIMARY_PORT_6379_TCP_ADDR=10.0.0.11",
                "REDIS_PRIMARY_PORT_7946_UDP=udp://10.0.0.11:7946", "REDIS_PRIMARY_PORT_7946_UDP_PROTO=udp",
                "REDIS_PRIMARY_PORT_7946_UDP_PORT=7946", "REDIS_PRIMARY_PORT_7946_UDP_ADDR=10.0.0.11",
            ])
    }

    @Test func aNamespaceSeesItsOwnServicesAndTheAPIServer() throws {
        let hosts = try variables("shop").filter { $0.contains("_SERVICE_HOST=") }
        #expect(
            hosts == [
                "KUBERNETES_SERVICE_HOST=10.0.0.1", "REDIS_PRIMARY_SERVICE_HOST=10.0.0.11", "SIX_SERVICE_HOST=fd00::1",
            ])
        #expect(try variables("shop").contains("SIX_PORT=tcp://[fd00::1]:80"))
        #expect(try variables("default").contains("OTHER_SERVICE_HOST=10.0.0.2"))
        #expect(try variables("empty").allSatisfy { $0.hasPrefix("KUBERNETES_") })
    }
}
