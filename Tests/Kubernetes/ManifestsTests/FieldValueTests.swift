import Configuration
import KubernetesObjects
import LoadBalancing
import Testing

@testable import Manifests

/// Fields mean what kubectl and the API make of them.
@Suite struct FieldValueTests {
    private func service(_ spec: String) throws -> Service {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {\(spec)}\n"
        guard case .service(let service) = try Manifests.parse(Array(text.utf8), file: "x.yaml").objects.first else {
            throw ConfigurationErrors()
        }
        return service
    }

    private func refusal(_ spec: String) -> String {
        let error = #expect(throws: ConfigurationErrors.self) { try service(spec) }
        return error?.description ?? ""
    }

    @Test func octalNumbersAreThoseOfKubectl() throws {
        #expect(try service("clusterIP: 10.96.0.20, ports: [{port: 0120}]").ports.map(\.port) == [80])
        #expect(
            try service("clusterIP: 10.96.0.20, ports: [{port: 0x50, nodePort: 30_080}]").ports[0].nodePort == 30_080)
    }

    @Test func emptyTextsAreAbsent() throws {
        let found = try service(
            """
            type: "", sessionAffinity: "", externalTrafficPolicy: "", internalTrafficPolicy: "", clusterIP: 10.96.0.20,
            ports: [{name: "", port: 80, protocol: "", targetPort: "", appProtocol: ""}]
            """)
        #expect(found == (try service("clusterIP: 10.96.0.20, ports: [{port: 80}]")))
    }

    @Test func truthValuesHaveEverySpelling() throws {
        for word in ["true", "True", "yes", "On", "y"] {
            #expect(try service("publishNotReadyAddresses: \(word)").publishNotReadyAddresses)
        }
        for word in ["false", "FALSE", "no", "Off", "n", "null"] {
            #expect(try !service("publishNotReadyAddresses: \(word)").publishNotReadyAddresses)
        }
    }

    @Test(arguments: [
        ("ports: [{port: \"80\"}]", "\"80\" is no number from 1 to 65535"),
        ("ports: [{port: 80.5}]", "80.5 is no number"),
        ("ports: [{port: 80, protocol: tcp}]", "tcp is none of TCP, UDP, SCTP"),
        ("ports: [{port: 80, targetPort: \"8080\"}]", "\"8080\" is a text, not a number; write it without quotes"),
        ("ports: [{port: 80, targetPort: 70000}]", "70000 is no number from 0 to 65535"),
        ("ports: [{port: 80, name: yes}]", "yes is a truth value, not a text; write it in quotes"),
        ("clusterIP: 10.96", "10.96 is a number, not a text; write it in quotes"),
        ("publishNotReadyAddresses: \"true\"", "\"true\" is neither true nor false"),
        ("sessionAffinity: clientIP", "clientIP is none of None, ClientIP"),
        ("ipFamilies: [ipv4]", "holds ipv4, which is neither IPv4 nor IPv6"),
        ("externalTrafficPolicy: local", "local is none of Cluster, Local"),
    ])
    func otherTypesAreRefused(spec: String, message: String) {
        let found = refusal(spec)
        #expect(found.hasPrefix("x.yaml:4:"), "\(found)")
        #expect(found.contains(message), "\(found)")
    }

    /// Every map of texts, kept or not, for kubectl refuses the object too.
    @Test(arguments: ["yes", "n", "0120", "1_0", "1e3", "0x1F", ".inf", "[a]", "{a: b}", "!!binary YQ=="])
    func mapsHoldTextsOnly(value: String) {
        for map in ["labels: {tier: \(value)}", "annotations: {note: \(value)}"] {
            for kind in ["Service", "Node", "Pod", "Endpoints"] {
                let text = "apiVersion: v1\nkind: \(kind)\nmetadata:\n  name: web\n  \(map)\n"
                let error = #expect(throws: ConfigurationErrors.self) {
                    try Manifests.parse(Array(text.utf8), file: "x.yaml")
                }
                #expect(error?.description.hasPrefix("x.yaml:5:") == true, "\(String(describing: error))")
            }
        }
        #expect(refusal("selector: {app: \(value)}").hasPrefix("x.yaml:4:"))
    }

    @Test func aMapNamesFieldAndRemedy() throws {
        #expect(refusal("selector: {app: yes}").contains("selector.app: yes is a truth value, not a text; write it in"))
        #expect(refusal("selector: {app: [a]}").contains("selector.app: is not a text"))
        for key in ["yes", "0x10", "1.50"] {
            #expect(refusal("selector: {\(key): a}").contains("is a key that is not a text; write it in quotes"))
        }
        #expect(refusal("selector: {~: a}").contains("a key is null; write a text in quotes"))
        #expect(try service("selector: {80: a, 'yes': b, c: '1'}").selector == ["80": "a", "yes": "b", "c": "1"])
    }

    @Test func aKindWithAWrongTagIsNotPassedOver() {
        let text = "apiVersion: v1\nkind: !!binary U2VydmljZQ==\nmetadata: {name: web}\n"
        let error = #expect(throws: ConfigurationErrors.self) { try Manifests.parse(Array(text.utf8), file: "x.yaml") }
        #expect(error?.description.contains("x.yaml:2:") == true)
    }

    @Test func anAddressTypeHasToBeKnown() {
        for type in ["", "addressType: ipv4"] {
            let text = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web}\n\(type)\n"
            #expect(throws: ConfigurationErrors.self) { try Manifests.parse(Array(text.utf8), file: "x.yaml") }
        }
    }

    @Test func byteOrderMarksArePassedOver() throws {
        let json =
            #"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}"#
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let plain = try Manifests.parse(Array(json.utf8), file: "x.json").objects
        #expect(plain.count == 1)
        for file in ["x.json", "x.txt", "x.yaml"] {
            #expect(try Manifests.parse(mark + Array(json.utf8), file: file).objects == plain)
        }
        let wide = [UInt8]([0xFF, 0xFE]) + json.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        for file in ["x.json", "x.yaml"] {
            let error = #expect(throws: ConfigurationErrors.self) { try Manifests.parse(wide, file: file) }
            #expect(error?.description.contains("the text is UTF-16, not UTF-8; save the file as UTF-8") == true)
        }
    }
}
