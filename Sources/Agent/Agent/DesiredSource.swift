package import DataPath
package import LoadBalancing

/// What an agent keeps the kernel equal to.
package protocol DesiredSource {
    /// Whether every source has told all it has once; before that, nothing is changed.
    var isComplete: Bool { get }
    /// Whether all that the sources have told is part of what is wanted: else much may seem to be gone, or less than is.
    var isWhole: Bool { get }
    /// Everything that is wanted.
    var desired: DesiredState { get }
    /// Connection timeouts and synchronisation daemons that are wanted, without virtual servers.
    var settings: DesiredState { get }
    /// What is wanted of one virtual server; `nil` for nothing.
    func desired(_ key: VirtualServerKey) -> DesiredVirtualServer?
    /// How what Services need beside IPVS is kept; `nil` where it is not.
    var network: DataPathSettings? { get }
    /// What Services need beside IPVS.
    var dataPath: Set<DataPathElement> { get }
}

extension DesiredSource {
    package var isWhole: Bool { true }
    package var network: DataPathSettings? { nil }
    package var dataPath: Set<DataPathElement> { [] }

    /// All that is wanted beside IPVS.
    var demand: DataPathDemand? { network.map { DataPathDemand(settings: $0, elements: dataPath) } }
}
