import Glibc

/// Services with ten endpoints each with all that the API server of a cloud's cluster tells of them.
struct ClusterObjects {
    let count: Int

    /// Writes both lists, `services.json` and `endpointslices.json`.
    func write(to directory: String) throws {
        try write("Service", to: "\(directory)/services.json") { service($0) }
        try write("EndpointSlice", to: "\(directory)/endpointslices.json") { slice($0) }
    }

    /// One by one: the list of 50,000 is hundreds of megabytes.
    private func write(_ kind: String, to path: String, _ item: (Int) -> String) throws {
        guard let file = fopen(path, "w") else { throw BenchError("\(path) cannot be written") }
        fputs(#"{"kind":"\#(kind)List","metadata":{"resourceVersion":"1"},"items":["#, file)
        for number in 0..<count { fputs((number > 0 ? "," : "") + item(number), file) }
        fputs("]}", file)
        guard fclose(file) == 0 else { throw BenchError("\(path) cannot be written") }
    }

    /// - Parameter scheduler: The one that an annotation asks for.
    func service(_ number: Int, scheduler: String? = nil) -> String {
        let ip = "10.\(96 + number / 62_500).\(number / 250 % 250).\(number % 250 + 1)"
        let (name, identity) = (name(number), identity(name(number), number, "kubectl"))
        let annotations = scheduler.map { #""annotations":{"ipvsync.io/scheduler":"\#($0)"},"# } ?? ""
        return #"""
            {"metadata":{\#(identity),\#(annotations)"labels":{"app.kubernetes.io/name":"\#(name)"}},\#
            "spec":{"clusterIP":"\#(ip)","clusterIPs":["\#(ip)"],"type":"ClusterIP","ipFamilies":["IPv4"],\#
            "ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster","sessionAffinity":"None",\#
            "selector":{"app.kubernetes.io/name":"\#(name)"},\#
            "ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":8080}]},"status":{"loadBalancer":{}}}
            """#
    }

    /// - Parameter change: The number of a change that puts a new endpoint in the place of the last.
    func slice(_ number: Int, replacing change: Int? = nil) -> String {
        let name = name(number)
        let identity = identity("\(name)-x7k2p", number, "kube-controller-manager")
        let endpoints = (0..<10).map { endpoint(number, $0, $0 == 9 ? change : nil) }.joined(separator: ",")
        return #"""
            {"metadata":{\#(identity),"generateName":"\#(name)-","labels":{"kubernetes.io/service-name":"\#(name)",\#
            "endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io"},"ownerReferences":\#
            [{"apiVersion":"v1","kind":"Service","name":"\#(name)","uid":"\#(uid(number))","controller":true}]},\#
            "addressType":"IPv4","ports":[{"name":"http","protocol":"TCP","port":8080}],"endpoints":[\#(endpoints)]}
            """#
    }

    private func endpoint(_ number: Int, _ position: Int, _ change: Int?) -> String {
        let index = number * 10 + position
        let ip =
            change.map { "10.250.\($0 / 250).\($0 % 250 + 1)" }
            ?? "10.\(128 + index / 62_500).\(index / 250 % 250).\(index % 250 + 1)"
        let node = "ip-10-0-\(number % 250)-\(position).eu-central-1.compute.internal"
        return #"""
            {"addresses":["\#(ip)"],"conditions":{"ready":true,"serving":true,"terminating":false},\#
            "nodeName":"\#(node)","zone":"eu-central-1a","targetRef":{"kind":"Pod",\#
            "namespace":"\#(namespace(number))","name":"\#(name(number))-7c9d8f6b5-\#(position)",\#
            "uid":"\#(uid(index))"},"hints":{"forZones":[{"name":"eu-central-1a"}]}}
            """#
    }

    private func name(_ number: Int) -> String { "service-\(number)-frontend" }

    private func namespace(_ number: Int) -> String { "bench-namespace-\(number % 100)" }

    private func uid(_ number: Int) -> String { "0c5f6f0a-6f63-4f0a-9d6e-\(100_000_000_000 + number)" }

    /// What stands in the metadata of an object.
    private func identity(_ name: String, _ number: Int, _ manager: String) -> String {
        #"""
        "name":"\#(name)","namespace":"\#(namespace(number))","uid":"\#(uid(number))",\#
        "resourceVersion":"\#(number + 2)","creationTimestamp":"2026-01-01T00:00:00Z",\#
        "managedFields":[{"manager":"\#(manager)","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1",\#
        "fieldsV1":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{}}}]
        """#
    }
}
