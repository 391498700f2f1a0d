import KubernetesObjects
import LoadBalancing
import Testing

@testable import KubernetesAPI

struct SharedTextsTests {
    private static let node = "ip-10-0-1-2.eu-central-1.compute.internal"

    private func slice(_ number: Int, node: String = node) -> KubernetesObject {
        // Each with texts of its own, as they are read.
        .endpointSlice(
            EndpointSlice(
                ObjectMetadata(name: "s\(number)", namespace: "a-namespace-with-a-long-name"), family: .ipv4,
                ports: [EndpointPort(name: "web", port: 80)],
                endpoints: [
                    SliceEndpoint(
                        address: "10.0.0.\(number)", nodeName: String(node.reversed().reversed()),
                        zoneHints: ["eu-central-1a"])
                ]))
    }

    private func storage<Element>(_ list: [Element]?) -> UnsafeRawPointer? {
        list?.withUnsafeBytes { $0.baseAddress }
    }

    @Test func objectsStayEqualAndShareTheirLists() throws {
        var shared = SharedTexts()
        var (first, second) = (slice(1), slice(2))
        shared.share(&first)
        shared.share(&second)
        #expect(first == slice(1) && second == slice(2))
        guard case .endpointSlice(let one) = first, case .endpointSlice(let two) = second else {
            Issue.record("no slices")
            return
        }
        #expect(storage(one.ports) == storage(two.ports))
        #expect(storage(one.endpoints[0].zoneHints) == storage(two.endpoints[0].zoneHints))
    }

    /// Nodes of their own for each endpoint, and texts that are no names, take no memory beside their objects.
    @Test func objectsStayEqualHoweverManyAndLongTheTextsAre() {
        var shared = SharedTexts()
        for number in 0..<(2 * SharedTexts.capacity + 10) {
            var object = slice(number % 250, node: "\(Self.node)-\(number)")
            shared.share(&object)
            #expect(object == slice(number % 250, node: "\(Self.node)-\(number)"))
        }
        let long = String(repeating: "x", count: 1 << 20)
        var object = slice(1, node: long)
        shared.share(&object)
        #expect(object == slice(1, node: long))
    }
}
