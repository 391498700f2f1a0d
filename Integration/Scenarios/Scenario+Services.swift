/// Kubernetes Services from manifests, in the kernel.
extension Scenario {
    static let services: [Scenario] = [
        Scenario("services: every type in both families, as ipvsadm sees it") { context in
            let path = try context.write(cluster, to: "cluster.yaml")
            try context.command("--once", "--manifests", path, "--node", "n1")
            try expectEqual(try context.ipvsadmSave(), clusterTable.sorted())
            try context.command("plan", "--manifests", path, "--node", "n1")
            let input = try context.command("plan", "--manifests", "-", "--node", "n1", input: cluster)
            try expect(input.output.hasPrefix("Nothing to do."), input.output)
            // The machine's own addresses serve node ports, whatever the Node object says.
            try context.run(["ip", "address", "add", "203.0.113.9/32", "dev", "lo"])
            try context.command("--once", "--manifests", path, "--node", "n2", "--quiet")
            try expect(
                try context.ipvsadmSave().contains("-A -u 203.0.113.9:30053 -s rr"), "the machine's address is missing")
            try expect(
                try context.ipvsadmSave().contains("-a -t 198.51.100.1:80 -r 10.244.2.9:8080 -m -w 1"),
                "the node's own endpoint serves local traffic")
        },
        Scenario("services: a configuration and manifests share the table, and the configuration goes first") {
            context in
            let manifests = try context.write(cluster, to: "cluster.yaml")
            let configuration = try context.write(
                "virtualServers: [{address: 10.96.0.10:80, scheduler: sh, realServers: []}]", to: "lb.yaml")
            let run = try context.command(
                "--once", "--config", configuration, "--manifests", manifests, "--node", "n1")
            try expect(
                run.error.contains("Service shop/web: tcp 10.96.0.10:80 is left out"), run.description)
            let table = try context.ipvsadmSave()
            try expect(table.contains("-A -t 10.96.0.10:80 -s sh"), "\(table)")
            try expect(table.contains("-A -t 198.51.100.1:80 -s wrr -p 600"), "\(table)")
        },
        Scenario("services: a manifest with an error changes nothing") { context in
            let path = try context.write(cluster, to: "cluster.yaml")
            try context.command("--once", "--manifests", path, "--node", "n1")
            let broken = try context.write(
                "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: 10.96.0.9, ports: [{port: 70000}]}\n",
                to: "broken.yaml")
            let run = try context.command(
                "--once", "--manifests", path, "--manifests", broken, "--node", "n1", status: 3)
            try expect(run.error.contains("broken.yaml:4:"), run.description)
            try expectEqual(try context.ipvsadmSave(), clusterTable.sorted())
        },
        Scenario("services: explain and an offline plan need no kernel") { context in
            let path = try context.write(cluster, to: "cluster.yaml")
            let text = try context.command("explain", "-n", "shop", "web", "--manifests", path, "--node", "n1").output
            try expect(text.contains("- 10.244.2.9:8080  on another node, and the traffic policy is Local"), text)
            let missing = try context.command("explain", "web", "--manifests", path, "--node", "n1", status: 1)
            try expect(missing.error.contains("there is one in shop: use -n"), missing.description)
            let settings = try context.write("{virtualServers: [], services: {scheduler: mh}}", to: "settings.yaml")
            let explained = try context.command(
                "explain", "mydb", "--manifests", path, "--node", "n1", "--config", settings)
            try expect(explained.output.contains("scheduler mh"), explained.output)
            let declared = try context.write(
                "virtualServers:\n- {address: \"tcp 10.96.0.33:3306\", realServers: []}", to: "declared.yaml")
            let overruled = try context.command(
                "explain", "mydb", "--manifests", path, "--node", "n1", "--config", declared)
            try expect(overruled.output.contains("\(declared):2 declares it"), overruled.output)
            let empty = try context.write("virtualServers: []", to: "table.yaml")
            let plan = try context.command(
                "plan", "--manifests", path, "--node", "n1", "--snapshot", empty, status: 2)
            try expect(plan.output.contains("Plan: \(clusterTable.count) to add."), plan.output)
            try context.command("--once", "--manifests", path, "--node", "n1")
            let table = try context.write(try context.command("import").output, to: "table.yaml")
            try context.command("plan", "--manifests", path, "--node", "n1", "--snapshot", table)
        },
    ]

    /// A dual-stack load balancer with a Local policy, a node port, a Service with manual Endpoints, and two that
    /// no proxy serves.
    private static let cluster = """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: Node
          metadata: {name: n1, labels: {topology.kubernetes.io/zone: z1}}
          status: {addresses: [{type: InternalIP, address: 203.0.113.1}, {type: InternalIP, address: "2001:db8::1"}]}
        - apiVersion: v1
          kind: Node
          metadata: {name: n2}
          status: {addresses: [{type: InternalIP, address: 203.0.113.2}]}
        - apiVersion: v1
          kind: Service
          metadata: {name: web, namespace: shop, annotations: {ipvsync.io/scheduler: wrr}}
          spec:
            type: LoadBalancer
            clusterIPs: [10.96.0.10, "fd00:96::10"]
            externalIPs: [198.51.100.1]
            externalTrafficPolicy: Local
            sessionAffinity: ClientIP
            sessionAffinityConfig: {clientIP: {timeoutSeconds: 600}}
            ports: [{name: http, port: 80, targetPort: http}]
        - apiVersion: discovery.k8s.io/v1
          kind: EndpointSlice
          addressType: IPv4
          metadata: {name: web-a, namespace: shop, labels: {kubernetes.io/service-name: web}}
          ports: [{name: http, port: 8080}]
          endpoints:
          - {addresses: [10.244.1.8], nodeName: n1, conditions: {ready: true}}
          - {addresses: [10.244.2.9], nodeName: n2, conditions: {ready: true}}
          - {addresses: [10.244.2.10], nodeName: n2, conditions: {ready: false, serving: true, terminating: true}}
        - apiVersion: discovery.k8s.io/v1
          kind: EndpointSlice
          addressType: IPv6
          metadata: {name: web-b, namespace: shop, labels: {kubernetes.io/service-name: web}}
          ports: [{name: http, port: 8080}]
          endpoints: [{addresses: ["fd00:244::8"], nodeName: n1}]
        - apiVersion: v1
          kind: Service
          metadata: {name: dns, namespace: shop}
          spec: {type: NodePort, clusterIP: 10.96.0.53, ports: [{port: 53, nodePort: 30053, protocol: UDP}]}
        - apiVersion: discovery.k8s.io/v1
          kind: EndpointSlice
          addressType: IPv4
          metadata: {name: dns-a, namespace: shop, labels: {kubernetes.io/service-name: dns}}
          ports: [{port: 5353, protocol: UDP}]
          endpoints: [{addresses: [10.244.1.53]}]
        - apiVersion: v1
          kind: Service
          metadata: {name: mydb}
          spec: {clusterIP: 10.96.0.33, ports: [{port: 3306}]}
        - apiVersion: v1
          kind: Endpoints
          metadata: {name: mydb}
          subsets: [{addresses: [{ip: 192.168.0.5}], ports: [{port: 3306}]}]
        - apiVersion: v1
          kind: Service
          metadata: {name: headless}
          spec: {clusterIP: None, ports: [{port: 80}]}
        - apiVersion: v1
          kind: Service
          metadata: {name: elsewhere}
          spec: {type: ExternalName, externalName: db.example.com}
        - apiVersion: v1
          kind: ConfigMap
          metadata: {name: other}
        """

    private static let clusterTable = [
        "-A -t 10.96.0.10:80 -s wrr -p 600", "-a -t 10.96.0.10:80 -r 10.244.1.8:8080 -m -w 1",
        "-a -t 10.96.0.10:80 -r 10.244.2.9:8080 -m -w 1", "-A -t [fd00:96::10]:80 -s wrr -p 600",
        "-a -t [fd00:96::10]:80 -r [fd00:244::8]:8080 -m -w 1", "-A -t 198.51.100.1:80 -s wrr -p 600",
        "-a -t 198.51.100.1:80 -r 10.244.1.8:8080 -m -w 1", "-A -u 10.96.0.53:53 -s rr",
        "-a -u 10.96.0.53:53 -r 10.244.1.53:5353 -m -w 1", "-A -u 203.0.113.1:30053 -s rr",
        "-a -u 203.0.113.1:30053 -r 10.244.1.53:5353 -m -w 1", "-A -t 10.96.0.33:3306 -s rr",
        "-a -t 10.96.0.33:3306 -r 192.168.0.5:3306 -m -w 1",
    ]
}
