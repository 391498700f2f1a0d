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
let linker: [LinkerSetting] = [.unsafeFlags(["-ld-path=\(Context.packageDirectory)/Sources/Linux/Linker/link"])]

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
            name: "CNetlink", path: "Sources/Linux/CNetlink", pkgConfig: "libnl-genl-3.0",
            providers: [.apt(["libnl-3-dev", "libnl-genl-3-dev"])]),
        .systemLibrary(name: "CSystem", path: "Sources/Linux/CSystem"),
        .systemLibrary(
            name: "CCurl", path: "Sources/Kubernetes/CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "CYAML", path: "Sources/Configuration/CYAML", pkgConfig: "yaml-0.1",
            providers: [.apt(["libyaml-dev"])]),

        // Pure: values and what follows from them.
        .target(name: "LoadBalancing", path: "Sources/Model/LoadBalancing", swiftSettings: settings),
        .target(
            name: "Reconcile", dependencies: ["LoadBalancing"], path: "Sources/Reconciler/Reconcile",
            swiftSettings: settings),
        .target(
            name: "DataPath", dependencies: ["LoadBalancing"], path: "Sources/Model/DataPath", swiftSettings: settings),

        .target(
            name: "HealthChecks", dependencies: ["LoadBalancing"], path: "Sources/Health/HealthChecks",
            swiftSettings: settings),
        .target(
            name: "Checker",
            dependencies: [
                "CCurl", "CSystem", "Documents", "Files", "HealthChecks", "LoadBalancing", "Programs", "Sockets",
            ], path: "Sources/Health/Checker", swiftSettings: settings),

        .target(
            name: "KubernetesObjects", dependencies: ["Documents", "LoadBalancing"],
            path: "Sources/Kubernetes/KubernetesObjects", swiftSettings: settings),
        .target(
            name: "ServiceTranslation",
            dependencies: ["DataPath", "HealthChecks", "KubernetesObjects", "LoadBalancing"],
            path: "Sources/Kubernetes/ServiceTranslation",
            swiftSettings: settings),

        .target(
            name: "Manifests", dependencies: ["Configuration", "Documents", "KubernetesObjects"],
            path: "Sources/Kubernetes/Manifests",
            swiftSettings: settings),

        .target(
            name: "ServiceDiscovery", dependencies: ["KubernetesObjects", "LoadBalancing", "ServiceTranslation"],
            path: "Sources/Kubernetes/ServiceDiscovery",
            swiftSettings: settings),

        // Edges: files in, kernel in and out.
        .target(name: "Files", dependencies: ["CSystem"], path: "Sources/Linux/Files", swiftSettings: settings),
        .target(
            name: "Documents", dependencies: ["CYAML"], path: "Sources/Configuration/Documents", swiftSettings: settings
        ),
        .target(
            name: "Configuration", dependencies: ["DataPath", "Documents", "Files", "HealthChecks", "LoadBalancing"],
            path: "Sources/Configuration/Configuration",
            swiftSettings: settings),
        .target(
            name: "KubernetesAPI",
            dependencies: ["CCurl", "Configuration", "Documents", "KubernetesObjects", "LoadBalancing"],
            path: "Sources/Kubernetes/KubernetesAPI",
            swiftSettings: settings),
        .target(
            name: "Sockets", dependencies: ["CSystem", "LoadBalancing"], path: "Sources/Linux/Sockets",
            swiftSettings: settings),
        .target(
            name: "HTTPService", dependencies: ["CCurl", "CSystem", "LoadBalancing", "Sockets"],
            path: "Sources/Agent/HTTPService",
            swiftSettings: settings),
        .target(name: "Netlink", dependencies: ["CNetlink"], path: "Sources/Linux/Netlink", swiftSettings: settings),
        .target(
            name: "IPVS", dependencies: ["CNetlink", "LoadBalancing", "Netlink"], path: "Sources/Linux/IPVS",
            swiftSettings: settings),
        .target(
            name: "NodeNetwork", dependencies: ["CNetlink", "DataPath", "LoadBalancing", "Netlink"],
            path: "Sources/Linux/NodeNetwork",
            swiftSettings: settings),
        .target(name: "Programs", dependencies: ["CSystem"], path: "Sources/Linux/Programs", swiftSettings: settings),
        .target(
            name: "NFTables",
            dependencies: ["CNetlink", "DataPath", "Documents", "LoadBalancing", "Netlink", "Programs"],
            path: "Sources/Linux/NFTables",
            swiftSettings: settings),
        .target(
            name: "KubeProxy", dependencies: ["Programs"], path: "Sources/Configuration/KubeProxy",
            swiftSettings: settings),
        .target(
            name: "Migrations", dependencies: ["Configuration", "HealthChecks", "LoadBalancing"],
            path: "Sources/Configuration/Migrations", swiftSettings: settings),
        .target(
            name: "Agent",
            dependencies: [
                "CSystem", "Checker", "Configuration", "DataPath", "Documents", "Files", "HealthChecks", "IPVS",
                "KubeProxy",
                "KubernetesAPI",
                "KubernetesObjects",
                "LoadBalancing", "NFTables", "Netlink", "NodeNetwork", "Reconcile", "ServiceTranslation",
            ], path: "Sources/Agent/Agent",
            swiftSettings: settings),
        .target(
            name: "Presentation",
            dependencies: [
                "Agent", "DataPath", "Documents", "KubeProxy", "KubernetesObjects", "HealthChecks", "LoadBalancing",
                "NFTables",
                "NodeNetwork",
                "Reconcile",
                "ServiceTranslation",
            ], path: "Sources/CommandLine/Presentation",
            swiftSettings: settings),
        .target(
            name: "Telemetry",
            dependencies: [
                "Agent", "Documents", "HTTPService", "HealthChecks", "KubernetesAPI", "LoadBalancing", "Reconcile",
                "ServiceTranslation",
                .product(name: "Logging", package: "swift-log"),
            ], path: "Sources/Agent/Telemetry",
            swiftSettings: settings),
        .executableTarget(
            name: "ipvsync",
            dependencies: [
                "Agent", "CSystem", "Checker", "Configuration", "DataPath", "Documents", "Files", "HealthChecks",
                "IPVS",
                "KubernetesAPI", "KubernetesObjects",
                "HTTPService", "KubeProxy", "LoadBalancing", "Manifests", "Migrations", "Netlink", "NodeNetwork",
                "Presentation",
                "Programs", "Reconcile",
                "ServiceDiscovery", "ServiceTranslation", "Telemetry",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Sources/CommandLine/ipvsync",
            swiftSettings: settings, linkerSettings: linker),

        // Tests, and what they stand on.
        .target(name: "TemporaryFiles", path: "Tests/Support/TemporaryFiles", swiftSettings: settings),
        .target(
            name: "TestSupport",
            dependencies: [
                "Agent", "DataPath", "Documents", "KubeProxy", "KubernetesObjects", "LoadBalancing", "NFTables",
                "Netlink",
                "NodeNetwork", "Reconcile", "ServiceTranslation",
            ], path: "Tests/Support/TestSupport",
            swiftSettings: settings),
        .target(
            name: "Simulation",
            dependencies: [
                "Agent", "DataPath", "HealthChecks", "LoadBalancing", "NFTables", "Netlink", "NodeNetwork", "Reconcile",
                "TestSupport",
            ], path: "Tests/Support/Simulation", swiftSettings: settings),
        .executableTarget(
            name: "Simulate",
            dependencies: ["Simulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/Simulate", swiftSettings: settings),
        .testTarget(
            name: "SimulationTests", dependencies: ["Simulation"], path: "Tests/SimulationTests",
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
                "Agent", "Checker", "Configuration", "DataPath", "Documents", "HealthChecks", "IPVS", "KubernetesAPI",
                "KubernetesObjects", "LoadBalancing", "Netlink", "Reconcile", "ServiceTranslation", "TemporaryFiles",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Tests/Bench",
            exclude: ["apiserver.py"],
            swiftSettings: settings),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Agent", "Checker", "Configuration", "DataPath", "HealthChecks", "IPVS", "KubeProxy", "KubernetesAPI",
                "LoadBalancing", "Manifests", "Migrations",
                "NFTables",
                "Netlink", "NodeNetwork", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Tests/Fuzz",
            swiftSettings: settings),
        .testTarget(
            name: "ServiceTranslationTests",
            dependencies: [
                "DataPath", "Documents", "KubernetesObjects", "LoadBalancing", "ServiceTranslation", "TestSupport",
            ], path: "Tests/Kubernetes/ServiceTranslationTests",
            swiftSettings: settings),
        .testTarget(
            name: "ManifestsTests",
            dependencies: [
                "Configuration", "Documents", "KubernetesObjects", "LoadBalancing", "Manifests", "ServiceTranslation",
                "TemporaryFiles",
            ], path: "Tests/Kubernetes/ManifestsTests",
            exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(
            name: "KubernetesAPITests",
            dependencies: [
                "Configuration", "Documents", "KubernetesAPI", "KubernetesObjects", "LoadBalancing", "Manifests",
                "ServiceTranslation", "TemporaryFiles",
            ], path: "Tests/Kubernetes/KubernetesAPITests",
            exclude: ["Fixtures", "apiserver.py"], swiftSettings: settings),
        .testTarget(
            name: "ServiceDiscoveryTests",
            dependencies: ["Documents", "KubernetesObjects", "ServiceDiscovery", "ServiceTranslation"],
            path: "Tests/Kubernetes/ServiceDiscoveryTests",
            swiftSettings: settings),
        .testTarget(
            name: "LoadBalancingTests", dependencies: ["LoadBalancing"], path: "Tests/Model/LoadBalancingTests",
            swiftSettings: settings),
        .testTarget(
            name: "ReconcileTests", dependencies: ["LoadBalancing", "Reconcile", "TestSupport"],
            path: "Tests/Reconciler/ReconcileTests",
            swiftSettings: settings),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "Agent", "Documents", "Programs", "TemporaryFiles", "TestSupport", "ipvsync",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/CommandLine/CommandLineTests", exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "FilesTests", dependencies: ["Files", "TemporaryFiles"], path: "Tests/Linux/FilesTests",
            swiftSettings: settings),
        .testTarget(
            name: "DocumentsTests", dependencies: ["Documents", "TestSupport"],
            path: "Tests/Configuration/DocumentsTests", swiftSettings: settings),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: [
                "Configuration", "DataPath", "Documents", "HealthChecks", "LoadBalancing", "TemporaryFiles",
                "TestSupport",
            ],
            path: "Tests/Configuration/ConfigurationTests",
            exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "CheckerTests",
            dependencies: [
                "CSystem", "Checker", "HealthChecks", "LoadBalancing", "Programs", "Sockets", "TemporaryFiles",
                "TestSupport",
            ], path: "Tests/Health/CheckerTests", swiftSettings: settings),
        .testTarget(
            name: "HTTPServiceTests",
            dependencies: ["CSystem", "HTTPService", "LoadBalancing", "Sockets", "TemporaryFiles"],
            path: "Tests/Agent/HTTPServiceTests",
            swiftSettings: settings),
        .testTarget(
            name: "NetlinkTests", dependencies: ["Netlink", "TestSupport"], path: "Tests/Linux/NetlinkTests",
            swiftSettings: settings),
        .testTarget(
            name: "NodeNetworkTests",
            dependencies: ["DataPath", "LoadBalancing", "Netlink", "NodeNetwork", "TemporaryFiles", "TestSupport"],
            path: "Tests/Linux/NodeNetworkTests",
            swiftSettings: settings),
        .testTarget(
            name: "ProgramsTests", dependencies: ["CSystem", "Programs"], path: "Tests/Linux/ProgramsTests",
            swiftSettings: settings),
        .testTarget(
            name: "KubeProxyTests", dependencies: ["KubeProxy", "TemporaryFiles"],
            path: "Tests/Configuration/KubeProxyTests", swiftSettings: settings),
        .testTarget(
            name: "MigrationsTests",
            dependencies: ["Configuration", "HealthChecks", "LoadBalancing", "Migrations", "TemporaryFiles"],
            path: "Tests/Configuration/MigrationsTests", exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(
            name: "HealthChecksTests", dependencies: ["HealthChecks", "LoadBalancing"],
            path: "Tests/Health/HealthChecksTests", swiftSettings: settings),
        .testTarget(
            name: "NFTablesTests",
            dependencies: ["DataPath", "LoadBalancing", "NFTables", "Netlink", "TemporaryFiles", "TestSupport"],
            path: "Tests/Linux/NFTablesTests",
            swiftSettings: settings),
        .testTarget(
            name: "IPVSTests", dependencies: ["IPVS", "LoadBalancing", "Netlink", "TestSupport"],
            path: "Tests/Linux/IPVSTests",
            swiftSettings: settings),
        .testTarget(
            name: "PresentationTests",
            dependencies: [
                "Agent", "DataPath", "Documents", "HealthChecks", "KubeProxy", "KubernetesObjects", "LoadBalancing",
                "Presentation",
                "Reconcile",
                "ServiceTranslation", "TestSupport",
            ], path: "Tests/CommandLine/PresentationTests", exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "Agent", "Configuration", "Documents", "HTTPService", "HealthChecks", "KubernetesAPI",
                "KubernetesObjects", "LoadBalancing", "NodeNetwork", "Reconcile", "ServiceTranslation", "Telemetry",
                "TemporaryFiles", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ], path: "Tests/Agent/TelemetryTests", exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "AgentTests",
            dependencies: [
                "Agent", "Checker", "Configuration", "DataPath", "Documents", "KubeProxy", "HealthChecks",
                "KubernetesAPI",
                "KubernetesObjects",
                "LoadBalancing",
                "NFTables",
                "Netlink",
                "NodeNetwork",
                "Reconcile", "ServiceTranslation", "TemporaryFiles", "TestSupport",
            ], path: "Tests/Agent/AgentTests",
            swiftSettings: settings),
    ]
)
