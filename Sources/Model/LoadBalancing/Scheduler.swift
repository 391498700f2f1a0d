/// A scheduler by its kernel name, with its flags.
///
/// Any name that the kernel takes is allowed: the known ones are only what `doctor` and messages speak of.
package struct Scheduler: Hashable, Sendable {
    /// At most 15 bytes (`IP_VS_SCHEDNAME_MAXLEN` less the NUL).
    package var name: String
    package var flags: SchedulerFlags

    package init(_ name: String, flags: SchedulerFlags = []) {
        self.name = name
        self.flags = flags
    }

    /// The longest name in bytes.
    package static let maximumNameLength = 15

    /// The schedulers of Linux 6.x (`net/netfilter/ipvs`), in the order of ipvsadm's manual; `twos` since 5.11.
    package static let knownNames = [
        "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos",
    ]
}
