internal import Agent
internal import ArgumentParser
internal import Configuration
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

    @Option(help: ArgumentHelp("This node's name in the cluster; without it, the host name.", valueName: "name"))
    var node: String?

    var nodeName: String { node ?? HostIdentity.nodeName }

    /// Refuses a command line without objects.
    func requireManifests() throws {
        guard !manifests.isEmpty else {
            throw ValidationError("name the objects with --manifests PATH, or --manifests - for standard input")
        }
    }

    /// The Services of the manifests, translated for this node.
    ///
    /// - Parameters:
    ///   - isOffline: Whether another machine is meant than this one: its addresses are those of the Node object.
    ///   - explains: Whether each endpoint's verdict is kept.
    func index(isOffline: Bool = false, explains: Bool = false) throws -> ServiceIndex {
        let loaded = try Manifests.load(paths: manifests)
        let policy = TranslationPolicy(
            node: nodeName, in: loaded.objects, addresses: isOffline ? [] : HostIdentity.addresses)
        return ServiceIndex(
            loaded.objects, translator: ServiceTranslator(policy: policy, explains: explains))
    }
}

/// Everything that is declared, from every source.
struct SourceOptions: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOptions
    @OptionGroup var cluster: ClusterOptions

    /// What the files and the manifests declare together; a virtual server of a file goes before a Service's.
    ///
    /// The standard configuration is read only when no source is named.
    func load(isOffline: Bool = false) throws -> Configuration {
        guard !cluster.manifests.isEmpty else { return try configuration.load() }
        var declared =
            configuration.paths.isEmpty ? Configuration(desired: DesiredState()) : try configuration.load()
        let index = try cluster.index(isOffline: isOffline)
        for service in index.services {
            for warning in service.warnings {
                StandardStreams.complain("Service \(warning.object): \(warning.message)")
            }
        }
        for conflict in index.conflicts {
            StandardStreams.complain(
                "Service \(conflict.loser): \(conflict.key) belongs to the older Service \(conflict.winner)")
        }
        for server in index.desiredVirtualServers {
            if let place = declared.places[server.key] {
                StandardStreams.complain(
                    "\(server.key) of Service \(server.name ?? "") is left out: \(place) declares it")
            } else {
                declared.desired.virtualServers.append(server)
            }
        }
        declared.desired.virtualServers.sort { $0.key < $1.key }
        return declared
    }
}
