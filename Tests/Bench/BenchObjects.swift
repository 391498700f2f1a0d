/// Kubernetes Services with ten endpoints each, one of them on the node `n1`, as an API server writes them.
struct BenchObjects {
    let count: Int

    /// Both lists, as a manifest. An API server leaves out the version of what it was asked for; a file has to name it.
    var manifest: String {
        [("v1", services), ("discovery.k8s.io/v1", endpointSlices)]
            .map { version, list in #"{"apiVersion":"\#(version)","# + list.dropFirst() }
            .joined(separator: "\n")
    }

    /// A Service's address.
    func address(_ number: Int) -> String { "10.96.\(number / 250).\(number % 250 + 1)" }

    var services: String {
        list(
            "Service",
            (0..<count).map { number in
                let ip = address(number)
                return #"{"metadata":{"name":"s\#(number)","namespace":"bench"},"spec":{"clusterIP":"\#(ip)","#
                    + #""clusterIPs":["\#(ip)"],"ports":[{"port":80,"protocol":"TCP","targetPort":8080}]}}"#
            })
    }

    var endpointSlices: String { list("EndpointSlice", (0..<count).map { slice($0, replacing: nil) }) }

    private func list(_ kind: String, _ items: [String]) -> String {
        #"{"kind":"\#(kind)List","metadata":{"resourceVersion":"1"},"items":[\#(items.joined(separator: ","))]}"#
    }

    /// Ten endpoints, as a controller writes them; a change puts a new one in the place of the last.
    func slice(_ number: Int, replacing change: Int?) -> String {
        let endpoints = (0..<10).map { position in
            let changed = change != nil && position == 9
            let ip =
                changed
                ? "10.99.\((change ?? 0) / 250).\((change ?? 0) % 250 + 1)"
                : "10.\(128 + number / 4_000).\(number / 16 % 250).\(number % 16 * 10 + position + 1)"
            return #"{"addresses":["\#(ip)"],"conditions":{"ready":true,"serving":true,"terminating":false},"#
                + #""nodeName":"n\#(position)","zone":"z1","#
                + #""targetRef":{"kind":"Pod","namespace":"bench","name":"s\#(number)-\#(position)"}}"#
        }
        return #"{"metadata":{"name":"s\#(number)-1","namespace":"bench","resourceVersion":"2","#
            + #""labels":{"kubernetes.io/service-name":"s\#(number)"}},"addressType":"IPv4","#
            + #""ports":[{"name":"","protocol":"TCP","port":8080}],"endpoints":[\#(endpoints.joined(separator: ","))]}"#
    }
}
