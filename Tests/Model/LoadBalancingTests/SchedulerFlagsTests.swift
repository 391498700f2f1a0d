import LoadBalancing
import Testing

@Suite("Scheduler flags and granularity as text")
struct SchedulerFlagsTests {
    @Test(
        "Names depend on the scheduler",
        arguments: [
            ("sh", ["sh-fallback", "sh-port", "flag-3"]), ("mh", ["mh-fallback", "mh-port", "flag-3"]),
            ("rr", ["flag-1", "flag-2", "flag-3"]),
        ])
    func names(scheduler: String, names: [String]) {
        #expect(SchedulerFlags.all.names(for: scheduler) == names)
        let flags: [SchedulerFlags] = [.flag1, .flag2, .flag3]
        for (name, flag) in zip(names, flags) { #expect(SchedulerFlags(name: name, for: scheduler) == flag) }
        for (number, flag) in zip(1..., flags) {
            #expect(SchedulerFlags(name: "flag-\(number)", for: scheduler) == flag)
        }
        #expect(Set(SchedulerFlags.allNames(for: scheduler)) == Set(names + ["flag-1", "flag-2", "flag-3"]))
    }

    @Test(
        "Another scheduler's names are refused",
        arguments: [("sh", "mh-port"), ("mh", "sh-port"), ("rr", "sh-port"), ("sh", "flag-4"), ("sh", "")])
    func refused(scheduler: String, name: String) {
        #expect(SchedulerFlags(name: name, for: scheduler) == nil)
    }

    @Test("The bits are the kernel's, and no flags have no names")
    func bits() {
        #expect(SchedulerFlags.all.rawValue == 0x38)
        #expect(SchedulerFlags().names(for: "sh").isEmpty)
    }

    @Test(
        "Granularity by prefix length",
        arguments: [
            (32, .ipv4, .mask(0xFFFF_FFFF)), (24, .ipv4, .mask(0xFFFF_FF00)), (1, .ipv4, .mask(0x8000_0000)),
            (128, .ipv6, .prefix(128)), (1, .ipv6, .prefix(1)),
        ] as [(Int, AddressFamily, PersistenceGranularity)])
    func granularity(length: Int, family: AddressFamily, expected: PersistenceGranularity) {
        #expect(PersistenceGranularity(prefixLength: length, family: family) == expected)
        #expect(expected.prefixLength == length)
    }

    @Test(
        "Lengths out of range are refused",
        arguments: [(0, .ipv4), (33, .ipv4), (0, .ipv6), (129, .ipv6), (-1, .ipv4)] as [(Int, AddressFamily)])
    func refusedLength(length: Int, family: AddressFamily) {
        #expect(PersistenceGranularity(prefixLength: length, family: family) == nil)
    }

    @Test("A mask with holes has no length")
    func holes() {
        #expect(PersistenceGranularity.mask(0xFF00_FF00).prefixLength == nil)
        #expect(PersistenceGranularity.mask(0).prefixLength == 0)
        #expect(PersistenceGranularity.mask(0xFF00_FF00).description == "255.0.255.0")
        #expect(PersistenceGranularity.prefix(64).description == "64")
    }
}
