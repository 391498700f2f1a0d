import DataPath
import Glibc
import NFTables
import NodeNetwork
import TestSupport
import Testing

@testable import Agent

/// The kernel's settings: on record before they are changed, and given back.
extension DataPathKeeperTests {
    @Test func nothingIsSetThatIsNotOnRecord() throws {
        let blocked = DataPathKeeper(
            firewall: firewall, vips: network, sysctls: Sysctls(root: sysctls.root), tracker: nil,
            store: NetworkRecordStore(directory: "/proc/nowhere", identity: state.identity), kernel: nil)
        let report = pass(blocked, Self.demand(1))
        #expect(report.failures.map(\.part) == [.sysctls])
        #expect(sysctls["net/ipv4/vs/conntrack"] == "0")
    }

    @Test func whatWasRefusedAndSomebodySetLaterIsTheirs() throws {
        let key = "net/ipv4/vs/conntrack"
        sysctls[key] = nil
        // Even root cannot write to it.
        #expect(symlink("/proc/version", "\(sysctls.root)/\(key)") == 0)
        let keeper = keeper()
        #expect(pass(keeper, Self.demand(1)).failures.map(\.part) == [.sysctls])
        #expect(sysctls["net/ipv4/vs/expire_nodest_conn"] == "1")
        sysctls[key] = nil
        sysctls[key] = "1"
        #expect(pass(keeper, Self.demand(1)).failures.isEmpty)
        #expect(keeper.cleanUp().failures.isEmpty)
        #expect(sysctls[key] == "1" && sysctls["net/ipv4/vs/expire_nodest_conn"] == "0")
    }

    @Test func whatIsTurnedOffIsGivenBack() {
        let (ignore, maximum) = ("net/ipv4/conf/all/arp_ignore", "net/netfilter/nf_conntrack_max")
        let settings = DataPathSettings(strictARP: true, conntrack: ConntrackLimits(maximum: 5_000))
        pass(keeper(), Self.demand(1, settings: settings))
        #expect(sysctls[ignore] == "1" && sysctls[maximum] == "5000")
        let keeper = keeper()
        let preview = keeper.preview(Self.demand(1), owned: [])
        let report = pass(keeper, Self.demand(1))
        #expect(sysctls[ignore] == "0" && sysctls[maximum] == "1000" && sysctls["net/ipv4/vs/conntrack"] == "1")
        #expect(report.failures.isEmpty && report.plan == preview.plan)
        // Whoever sets it now may keep it.
        sysctls[ignore] = "1"
        #expect(pass(keeper, Self.demand(1)).isEmpty && self.keeper().cleanUp().failures.isEmpty)
        #expect(sysctls[ignore] == "1" && sysctls["net/ipv4/vs/conntrack"] == "0")
    }

    /// The first edge among the Services has the kernel serve connections that began elsewhere, the last one gives that
    /// back; and it is no matter of rules.
    @Test func anEdgeServesConnectionsThatBeganElsewhere() {
        let key = "net/ipv4/vs/sloppy_tcp"
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        #expect(sysctls[key] == "0")
        var demand = Self.demand(1)
        demand.elements.insert(.unseenConnections)
        var report = keeper.prepare(DataPathChange(added: [.unseenConnections]), demand.settings) { demand }
        #expect(sysctls[key] == "1" && sysctls["net/ipv4/vs/sloppy_sctp"] == "1" && report.failures.isEmpty)
        // Another look, or another change, finds nothing to do.
        #expect(keeper.preview(demand, owned: []).plan.isEmpty)
        report = keeper.prepare(DataPathChange(added: [.unseenConnections]), demand.settings) { demand }
        #expect(report.transactions == 0 && report.failures.isEmpty)
        report = keeper.prepare(DataPathChange(removed: [.unseenConnections]), demand.settings) { Self.demand(1) }
        #expect(
            report.transactions == 0 && report.failures.isEmpty
                && keeper.preview(Self.demand(1), owned: []).plan.sysctls.count == 2)
        pass(keeper, Self.demand(1))
        #expect(sysctls[key] == "0")
    }
}
