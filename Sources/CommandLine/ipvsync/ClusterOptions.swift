internal import Agent
internal import ArgumentParser
internal import Configuration
internal import DataPath
internal import KubernetesAPI
internal import KubernetesObjects
internal import LoadBalancing
internal import Manifests
internal import NodeNetwork
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

    /// The section of commands that only read objects.
    static let exitHelp = ExitStatus.help(
        [.failed, .invalidConfiguration],
        [
            .failed: "the API server refused, or could not be reached",
            .invalidConfiguration: "manifests or kubeconfig are invalid, or cannot be read",
        ])

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
    private func reading(
        explains: Bool, isProxying: Bool, proxyName: String?
    ) throws -> ObjectsRead {
        guard let access = try access() else {
            let manifests = try Manifests.load(paths: manifests)
            return ObjectsRead(objects: manifests.objects, servers: [], declaresNone: manifests.declaresNone)
        }
        let resources =
            isProxying
            ? APIResource.proxied(proxyName: proxyName)
            : explains ? APIResource.explained : APIResource.all(node: nodeName)
        let snapshot = try ClusterWatch.snapshot(access, resources) { problem in
            StandardStreams.complain("API server: \(problem); still trying")
        }
        return ObjectsRead(objects: snapshot.objects, servers: snapshot.servers, declaresNone: true)
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
        try read(isOffline: isOffline, explains: explains, isProxying: isProxying, settings: settings).index
    }

    /// The same, and whether the objects may say that there are no Services: an API server may, with a list of all of
    /// them; of files, only those with an empty list.
    fileprivate func read(
        isOffline: Bool, explains: Bool = false, isProxying: Bool, settings: Settings
    ) throws -> (index: ServiceIndex, declaresNone: Bool) {
        let read = try reading(
            explains: explains, isProxying: isProxying, proxyName: settings.services?.proxyName)
        let network = settings.network?.options
        let stations = isOffline ? nil : try HostIdentity.stations(except: network?.device)
        var policy = TranslationPolicy(node: nodeName, in: read.objects, addresses: stations?.addresses.sorted() ?? [])
        policy.addresses.broadcasts = stations?.broadcasts ?? []
        policy.addresses.gateways = stations?.gateways ?? []
        policy.apply(settings.services)
        policy.keep(network)
        policy.addresses.apiServers = read.servers
        var index = ServiceIndex(read.objects, translator: ServiceTranslator(policy: policy, explains: explains))
        // Whoever asks for its warnings gets all of them.
        _ = index.takeWarningChange(atMost: .max)
        return (index, read.declaresNone)
    }
}

/// The objects of all sources.
private struct ObjectsRead {
    let objects: [KubernetesObject]
    /// The addresses of the API server, if there is one.
    let servers: Set<IPAddress>
    let declaresNone: Bool
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
    func loadFiles() throws -> Declaration {
        guard cluster.isLive else { return try declaration() }
        return Declaration(try loadConfiguration())
    }

    /// What the files and the objects declare together; a virtual server of a file goes before a Service's.
    ///
    /// The standard configuration is read only when no source is named. What cannot be done as asked is told.
    func load(isOffline: Bool = false) throws -> Declaration {
        var declared = try declaration(isOffline: isOffline)
        if !isOffline { try declared.followAddresses() }
        for warning in declared.warnings { StandardStreams.complain(warning.description) }
        return declared
    }

    private func declaration(isOffline: Bool = false) throws -> Declaration {
        guard cluster.isNamed else { return Declaration(try configuration.load()) }
        var declared = try loadConfiguration()
        let (index, declaresNone) = try cluster.read(
            isOffline: isOffline, isProxying: true, settings: declared.settings)
        var conflicts: [TranslationWarning] = []
        var checks = ServiceChecks(declared.settings.services)
        for server in index.desiredVirtualServers {
            if let place = declared.places[server.key], let service = index.holder(of: server.key) {
                conflicts.append(
                    TranslationWarning(
                        service, reason: .conflict, "\(server.key) is left out: \(place) declares it"))
            } else {
                declared.desired.virtualServers.append(server)
                if let translated = index.owner(server.key), let service = index.holder(of: server.key) {
                    declared.health[server.key] = checks.rules(translated, of: service)
                }
            }
        }
        declared.desired.virtualServers.sort { $0.key < $1.key }
        declared.allowsNone = declaresNone || !declared.desired.virtualServers.isEmpty
        let dataPath = index.dataPath.filter { element in
            element.virtualServer.map { declared.places[$0] == nil } ?? true
        }
        return Declaration(
            declared, dataPath: dataPath, healthChecks: index.healthChecks, stations: NodeStations(index.policy),
            warnings: index.warnings + conflicts + checks.warnings,
            warningCounts: index.warningCounts + WarningCounts(conflicts + checks.warnings))
    }

    /// The configuration that is named, beside the objects.
    private func loadConfiguration() throws -> Configuration {
        configuration.paths.isEmpty ? Configuration(desired: DesiredState()) : try configuration.load()
    }
}

extension NodeStations {
    /// What a policy knows of the machine.
    fileprivate init(_ policy: TranslationPolicy) {
        self.init()
        addresses = Set(policy.nodeAddresses)
        broadcasts = policy.addresses.broadcasts
        gateways = policy.addresses.gateways
    }
}
