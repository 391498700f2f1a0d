/// The three scheduler flags of a virtual server; their meaning depends on the scheduler.
///
/// Raw values are the kernel's (`IP_VS_SVC_F_SCHED1`…`3` in `<linux/ip_vs.h>`).
package struct SchedulerFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let flag1 = SchedulerFlags(rawValue: 0x8)
    package static let flag2 = SchedulerFlags(rawValue: 0x10)
    package static let flag3 = SchedulerFlags(rawValue: 0x20)
    package static let all: SchedulerFlags = [.flag1, .flag2, .flag3]

    /// Names by bit: `sh-fallback`, `sh-port`, `mh-fallback`, `mh-port` for their schedulers, `flag-1`…`flag-3` else.
    package func names(for scheduler: String) -> [String] {
        Self.table.filter { contains($0.flag) }.map { $0.name(for: scheduler) }
    }

    /// The flag of that name for that scheduler; `flag-1`…`flag-3` go with every scheduler.
    package init?(name: String, for scheduler: String) {
        guard let row = Self.table.first(where: { $0.generic == name || $0.name(for: scheduler) == name }) else {
            return nil
        }
        self = row.flag
    }

    /// All names that ``init(name:for:)`` takes for a scheduler, for error messages.
    package static func allNames(for scheduler: String) -> [String] {
        let particular = table.map { $0.name(for: scheduler) }
        return particular + table.map(\.generic).filter { !particular.contains($0) }
    }

    private struct Row: Sendable {
        let flag: SchedulerFlags
        let generic: String
        let suffix: String?

        func name(for scheduler: String) -> String {
            guard let suffix, scheduler == "sh" || scheduler == "mh" else { return generic }
            return "\(scheduler)-\(suffix)"
        }
    }

    private static let table = [
        Row(flag: .flag1, generic: "flag-1", suffix: "fallback"),
        Row(flag: .flag2, generic: "flag-2", suffix: "port"),
        Row(flag: .flag3, generic: "flag-3", suffix: nil),
    ]
}
