package import LoadBalancing

/// What an agent keeps the kernel equal to.
package protocol DesiredSource {
    /// Whether every source has told all it has once; before that, nothing is changed.
    var isComplete: Bool { get }
    /// Everything that is wanted.
    var desired: DesiredState { get }
    /// Connection timeouts and synchronisation daemons that are wanted, without virtual servers.
    var settings: DesiredState { get }
    /// What is wanted of one virtual server; `nil` for nothing.
    func desired(_ key: VirtualServerKey) -> DesiredVirtualServer?
}
