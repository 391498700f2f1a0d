internal import Agent
internal import ArgumentParser
internal import Configuration
internal import DataPath
internal import KubernetesAPI
internal import KubernetesObjects
internal import LoadBalancing
internal import Manifests
internal import ServiceTranslation

/// Kubernetes objects as a source of virtual servers.
struct ClusterOptions: ParsableArguments {
    @Option(
        name: [.customShort("m"), .customLong("manifests")],
        help: ArgumentHelp(
            "Kubernetes objects in YAML or JSON: a file, a directory or - for standard input; may be repeated.",
            discussion: "As 'kubectl get services,endpointslices,endpoints,pods,nodes -A -o json' prints them.",
            valueName: "path"),
        completion: .file())
    var manifests: [String] = []

    @Option(
        help: ArgumentHelp("A kubeconfig file: the objects of its API server.", valueName: "path"),
        completion: .file())
    var kubeconfig: String?

    @Option(help: ArgumentHelp("The kubeconfig's context; without it, the current one.", valueName: "name"))
    var context: String?

    @Flag(help: "The objects of the API server of this Pod's cluster, by its service account.")
    var inCluster = false

    @Option(help: ArgumentHelp("This node's name in the cluster; without it, the host name.", valueName: "name"))
    var node: String?

    var nodeName: String { node ?? HostIdentity.nodeName }

    /// Whether any source of objects is named.
    var isNamed: Bool { !manifests.isEmpty || kubeconfig != nil || inCluster }

    /// Whether the objects are those of an API server.
    var isLive: Bool { kubeconfig != nil || inCluster }

    func validate() throws {
        guard [!manifests.isEmpty, kubeconfig != nil, inCluster].count(where: { $0 }) <= 1 else {
            throw ValidationError("name the objects once: --manifests, --kubeconfig or --in-cluster")
        }
        guard context == nil || kubeconfig != nil else { throw ValidationError("--context needs --kubeconfig") }
    }

    /// Refuses a command line without objects.
    func requireObjects() throws {
        guard isNamed else {
            throw ValidationError(
                "name the objects with --manifests PATH (- for standard input), --kubeconfig or --in-cluster")
        }
    }

    /// How the API server is reached; `nil` when the objects are in manifests.
    func access() throws -> ClusterAccess? {
        guard isLive else { return nil }
        let access =
            if let kubeconfig { try Kubeconfig(path: kubeconfig).access(context: context) } else {
                try ClusterAccess.inCluster()
            }
        access.warnings.forEach(StandardStreams.complain)
        return access
    }

    /// All the objects.
    ///
    /// - Parameter isProxying: Whether only what a node's proxy programs is wanted.
    private func objects(isProxying: Bool, proxyName: String?) throws -> [KubernetesObject] {
        guard let access = try access() else { return try Manifests.load(paths: manifests).objects }
        let resources =
            isProxying ? APIResource.proxied(node: nodeName, proxyName: proxyName) : APIResource.all(node: nodeName)
        return try ClusterWatch.snapshot(access, resources) { problem in
            StandardStreams.complain("API server: \(problem); still trying")
        }.objects
    }

    /// The Services, translated for this node.
    ///
    /// - Parameters:
    ///   - isOffline: Whether another machine is meant than this one: its addresses are those of the Node object.
    ///   - explains: Whether each endpoint's verdict is kept.
    ///   - isProxying: Whether only what a node's proxy programs is wanted.
    ///   - settings: What the configuration says of Services in general, and of the network.
    func index(
        isOffline: Bool = false, explains: Bool = false, isProxying: Bool = false, settings: Settings = Settings()
    ) throws -> ServiceIndex {
        let objects = try objects(isProxying: isProxying, proxyName: settings.services?.proxyName)
        let network = settings.network?.options
        let addresses = isOffline ? [] : try HostIdentity.addresses(except: network?.device)
        var policy = TranslationPolicy(node: nodeName, in: objects, addresses: addresses)
        policy.apply(settings.services)
        policy.keep(network)
        return ServiceIndex(
            objects, translator: ServiceTranslator(policy: policy, explains: explains))
    }
}

/// Everything that is declared, from every source.
struct SourceOptions: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOptions
    @OptionGroup var cluster: ClusterOptions

    /// Whether something can be read only once.
    var readsStandardInput: Bool { filePaths.contains(where: SourceFile.isStream) }

    /// Every file and directory that is read.
    var filePaths: [String] {
        let files = cluster.isNamed && configuration.paths.isEmpty ? [] : configuration.pathsToRead
        return files + cluster.manifests
    }

    /// What the files alone declare, manifests among them.
    func loadFiles(complain: (String) -> Void = StandardStreams.complain) throws -> Declaration {
        guard cluster.isLive else { return try load(complain: complain) }
        return Declaration(try loadConfiguration())
    }

    /// What the files and the objects declare together; a virtual server of a file goes before a Service's.
    ///
    /// The standard configuration is read only when no source is named.
    func load(
        isOffline: Bool = false, complain: (String) -> Void = StandardStreams.complain
    ) throws -> Declaration {
        guard cluster.isNamed else { return Declaration(try configuration.load()) }
        var declared = try loadConfiguration()
        let index = try cluster.index(isOffline: isOffline, isProxying: true, settings: declared.settings)
        index.complaints.forEach(complain)
        for server in index.desiredVirtualServers {
            if let place = declared.places[server.key] {
                complain(
                    "\(server.key) of Service \(server.name ?? "") is left out: \(place) declares it")
            } else {
                declared.desired.virtualServers.append(server)
            }
        }
        declared.desired.virtualServers.sort { $0.key < $1.key }
        let dataPath = index.dataPath.filter { element in
            element.virtualServer.map { declared.places[$0] == nil } ?? true
        }
        return Declaration(
            declared, dataPath: dataPath, healthChecks: index.healthChecks, nodeAddresses: index.policy.nodeAddresses)
    }

    /// The configuration that is named, beside the objects.
    private func loadConfiguration() throws -> Configuration {
        configuration.paths.isEmpty ? Configuration(desired: DesiredState()) : try configuration.load()
    }
}
