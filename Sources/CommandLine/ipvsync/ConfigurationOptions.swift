internal import Agent
internal import ArgumentParser
internal import Configuration
internal import DataPath
internal import NodeNetwork
internal import Reconcile

/// Where the desired state comes from.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp(
            "A YAML file, a directory of them, or - for standard input; may be repeated.",
            discussion: "Without it, \(Self.standardPath) is read.", valueName: "path"),
        completion: .file())
    var paths: [String] = []

    static let standardPath = "/etc/ipvsync"

    /// The standard one unless others are named.
    var pathsToRead: [String] { paths.isEmpty ? [Self.standardPath] : paths }

    /// Everything that the files declare.
    func load() throws -> Configuration { try Configuration.load(paths: pathsToRead) }
}

/// How a sync behaves.
struct SyncOptions: ParsableArguments {
    @Flag(help: "Make removals even if they are so many that they look like a mistake.")
    var allowMassRemoval = false

    /// The configuration's policy, changed by the options.
    func policy(_ configuration: Configuration) -> ReconcilePolicy {
        var policy = ReconcilePolicy(configuration.settings)
        policy.removalGuard?.allowsNone = configuration.allowsNone
        if allowMassRemoval { policy.removalGuard = nil }
        policy.keepsSettings = configuration.settings.network?.options?.setsSysctls ?? false
        return policy
    }
}

/// Where ipvsync remembers what is its own.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the ledger of our virtual servers and drains is kept.",
            discussion: "One file for each network namespace; it belongs on a file system that ends with the boot.",
            valueName: "directory"),
        completion: .directory)
    var stateDir = LedgerStore.defaultDirectory

    /// The ledger of this network namespace.
    func store() throws -> LedgerStore {
        let store = LedgerStore(directory: stateDir, identity: try StateIdentity.current())
        try store.requireTrust()
        return store
    }
}

/// Where the kernel's settings are, and what was made beside IPVS.
struct NodeStateOptions: ParsableArguments {
    @OptionGroup var state: StateOptions

    @Option(
        help: ArgumentHelp(
            "Where the kernel's settings are written, for containers whose /proc/sys is read-only.",
            valueName: "directory"),
        completion: .directory)
    var sysctlDir = "/proc/sys"

    /// What keeps the network of this network namespace.
    func keeper() throws -> DataPathKeeper {
        try DataPathKeeper(store: try store().networkRecord, sysctlDirectory: sysctlDir)
    }

    /// What saves connections while real servers are moved.
    var shelter: PacketShelter { PacketShelter(Sysctls(root: sysctlDir)) }

    /// The ledger of this network namespace.
    func store() throws -> LedgerStore { try state.store() }
}
