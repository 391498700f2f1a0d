// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // Views of a receive buffer (attribute cursors) must not outlive it.
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

/// A linker that leaves out SwiftPM's run path, with read-only constants and relocations: see the script.
let linker: [LinkerSetting] = [.unsafeFlags(["-ld-path=\(Context.packageDirectory)/Sources/Linker/link"])]

let package = Package(
    name: "ipvsync",
    products: [
        .executable(name: "ipvsync", targets: ["ipvsync"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CNetlink", pkgConfig: "libnl-genl-3.0", providers: [.apt(["libnl-3-dev", "libnl-genl-3-dev"])]),
        .systemLibrary(name: "CSystem"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        // Pure: values and what follows from them.
        .target(name: "LoadBalancing", swiftSettings: settings),
        .target(name: "Reconcile", dependencies: ["LoadBalancing"], swiftSettings: settings),
        .target(name: "DataPath", dependencies: ["LoadBalancing"], swiftSettings: settings),

        .target(name: "KubernetesObjects", dependencies: ["Documents", "LoadBalancing"], swiftSettings: settings),
        .target(
            name: "ServiceTranslation", dependencies: ["DataPath", "KubernetesObjects", "LoadBalancing"],
            swiftSettings: settings),

        .target(
            name: "Manifests", dependencies: ["Configuration", "Documents", "KubernetesObjects"],
            swiftSettings: settings),

        .target(
            name: "ServiceDiscovery", dependencies: ["KubernetesObjects", "LoadBalancing", "ServiceTranslation"],
            swiftSettings: settings),

        // Edges: files in, kernel in and out.
        .target(name: "Files", swiftSettings: settings),
        .target(name: "Documents", dependencies: ["CYAML"], swiftSettings: settings),
        .target(
            name: "Configuration", dependencies: ["DataPath", "Documents", "Files", "LoadBalancing"],
            swiftSettings: settings),
        .target(
            name: "KubernetesAPI",
            dependencies: ["CCurl", "Configuration", "Documents", "KubernetesObjects", "LoadBalancing"],
            swiftSettings: settings),
        .target(
            name: "HTTPService", dependencies: ["CCurl", "CSystem", "LoadBalancing"],
            swiftSettings: settings),
        .target(name: "Netlink", dependencies: ["CNetlink"], swiftSettings: settings),
        .target(name: "IPVS", dependencies: ["CNetlink", "LoadBalancing", "Netlink"], swiftSettings: settings),
        .target(
            name: "NodeNetwork", dependencies: ["CNetlink", "DataPath", "LoadBalancing", "Netlink"],
            swiftSettings: settings),
        .target(name: "Programs", dependencies: ["CSystem"], swiftSettings: settings),
        .target(
            name: "NFTables",
            dependencies: ["CNetlink", "DataPath", "Documents", "LoadBalancing", "Netlink", "Programs"],
            swiftSettings: settings),
        .target(name: "KubeProxy", dependencies: ["Programs"], swiftSettings: settings),
        .target(
            name: "Agent",
            dependencies: [
                "Configuration", "DataPath", "Files", "IPVS", "KubeProxy", "KubernetesAPI", "KubernetesObjects",
                "LoadBalancing", "NFTables", "Netlink", "NodeNetwork", "Reconcile", "ServiceTranslation",
            ],
            swiftSettings: settings),
        .target(
            name: "Presentation",
            dependencies: [
                "Agent", "DataPath", "Documents", "KubeProxy", "KubernetesObjects", "LoadBalancing", "NFTables",
                "NodeNetwork",
                "Reconcile",
                "ServiceTranslation",
            ],
            swiftSettings: settings),
        .target(
            name: "Telemetry",
            dependencies: [
                "Agent", "Documents", "HTTPService", "LoadBalancing", "Reconcile", "ServiceTranslation",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "ipvsync",
            dependencies: [
                "Agent", "CSystem", "Configuration", "DataPath", "Documents", "IPVS", "KubernetesAPI",
                "KubernetesObjects",
                "HTTPService", "KubeProxy", "LoadBalancing", "Manifests", "Netlink", "NodeNetwork", "Presentation",
                "Programs", "Reconcile",
                "ServiceDiscovery", "ServiceTranslation", "Telemetry",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings, linkerSettings: linker),

        // Tests, and what they stand on.
        .target(name: "TemporaryFiles", swiftSettings: settings),
        .target(
            name: "TestSupport",
            dependencies: [
                "Agent", "DataPath", "Documents", "KubeProxy", "KubernetesObjects", "LoadBalancing", "NFTables",
                "Netlink",
                "NodeNetwork", "Reconcile", "ServiceTranslation",
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Integration",
            dependencies: [
                "Agent", "CSystem", "Configuration", "DataPath", "Documents", "IPVS", "KubernetesAPI",
                "KubernetesObjects", "LoadBalancing", "NFTables", "Netlink", "NodeNetwork", "Reconcile",
                "TemporaryFiles",
                "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Integration", exclude: ["Load/clients.py", "examples"], swiftSettings: settings),
        .executableTarget(
            name: "Bench",
            dependencies: [
                "Agent", "Configuration", "Documents", "IPVS", "KubernetesAPI", "KubernetesObjects", "LoadBalancing",
                "Netlink", "Reconcile", "ServiceTranslation", "TemporaryFiles",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Configuration", "DataPath", "IPVS", "KubeProxy", "KubernetesAPI", "LoadBalancing", "Manifests",
                "NFTables",
                "Netlink", "NodeNetwork", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ServiceTranslationTests",
            dependencies: [
                "DataPath", "Documents", "KubernetesObjects", "LoadBalancing", "ServiceTranslation", "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ManifestsTests",
            dependencies: [
                "Configuration", "Documents", "KubernetesObjects", "LoadBalancing", "Manifests", "ServiceTranslation",
                "TemporaryFiles",
            ],
            exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(
            name: "KubernetesAPITests",
            dependencies: [
                "Configuration", "Documents", "KubernetesAPI", "KubernetesObjects", "LoadBalancing", "Manifests",
                "ServiceTranslation", "TemporaryFiles",
            ],
            exclude: ["Fixtures", "apiserver.py"], swiftSettings: settings),
        .testTarget(
            name: "ServiceDiscoveryTests",
            dependencies: ["Documents", "KubernetesObjects", "ServiceDiscovery", "ServiceTranslation"],
            swiftSettings: settings),
        .testTarget(name: "LoadBalancingTests", dependencies: ["LoadBalancing"], swiftSettings: settings),
        .testTarget(
            name: "ReconcileTests", dependencies: ["LoadBalancing", "Reconcile", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["Agent", "Documents", "Programs", "TemporaryFiles", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "FilesTests", dependencies: ["Files", "TemporaryFiles"], swiftSettings: settings),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: ["Configuration", "DataPath", "Documents", "LoadBalancing", "TemporaryFiles", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "HTTPServiceTests", dependencies: ["CSystem", "HTTPService", "LoadBalancing", "TemporaryFiles"],
            swiftSettings: settings),
        .testTarget(name: "NetlinkTests", dependencies: ["Netlink", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "NodeNetworkTests",
            dependencies: ["DataPath", "LoadBalancing", "Netlink", "NodeNetwork", "TemporaryFiles", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "ProgramsTests", dependencies: ["CSystem", "Programs"], swiftSettings: settings),
        .testTarget(name: "KubeProxyTests", dependencies: ["KubeProxy", "TemporaryFiles"], swiftSettings: settings),
        .testTarget(
            name: "NFTablesTests",
            dependencies: ["DataPath", "LoadBalancing", "NFTables", "Netlink", "TemporaryFiles", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "IPVSTests", dependencies: ["IPVS", "LoadBalancing", "Netlink", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "PresentationTests",
            dependencies: [
                "Agent", "DataPath", "Documents", "KubeProxy", "KubernetesObjects", "LoadBalancing", "Presentation",
                "Reconcile",
                "ServiceTranslation", "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "Agent", "Documents", "HTTPService", "KubernetesObjects", "LoadBalancing", "NodeNetwork", "Reconcile",
                "ServiceTranslation", "Telemetry", "TemporaryFiles", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AgentTests",
            dependencies: [
                "Agent", "Configuration", "DataPath", "KubeProxy", "LoadBalancing", "NFTables", "Netlink",
                "NodeNetwork",
                "Reconcile", "ServiceTranslation", "TemporaryFiles", "TestSupport",
            ],
            swiftSettings: settings),
    ]
)
