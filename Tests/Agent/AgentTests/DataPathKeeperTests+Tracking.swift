import DataPath
import NFTables
import Netlink
import TestSupport
import Testing

@testable import Agent

/// Connections that our rules masqueraded, when the rules go.
extension DataPathKeeperTests {
    private static let withoutRules = demand(1, settings: DataPathSettings(firewall: nil))

    @Test func trackingStaysOnWhileMasqueradedConnectionsAreOpen() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        tracker.masqueraded = 3
        #expect(keeper.preview(Self.withoutRules, owned: []).plan.tracking == .hold(connections: 3))
        #expect(!hold.isThere)
        let report = pass(keeper, Self.withoutRules)
        #expect(report.plan.tracking == .hold(connections: 3) && report.failures.isEmpty)
        #expect(hold.isThere && firewall.observed == nil)
        #expect(pass(keeper, Self.withoutRules).plan.tracking == nil)
        tracker.masqueraded = 0
        #expect(pass(keeper, Self.withoutRules).plan.tracking == .release)
        #expect(!hold.isThere)
    }

    @Test func withoutConnectionsNothingIsHeld() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        let report = pass(keeper, Self.withoutRules)
        #expect(report.plan.tracking == nil && !hold.isThere && firewall.observed == nil)
    }

    /// What cannot be counted may be there.
    @Test func connectionsThatCannotBeCountedAreKept() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        tracker.failure = NetlinkError(.timedOut, operation: "count")
        #expect(pass(keeper, Self.withoutRules).plan.tracking == .hold(connections: nil))
        #expect(hold.isThere)
    }

    @Test func rulesStayWhereTrackingCannotBeKeptOnOtherwise() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        tracker.masqueraded = 2
        hold.failure = NFTablesError(operation: "make the table", message: "there is no program nft")
        let report = pass(keeper, Self.withoutRules)
        #expect(
            report.failures.map(\.message).first?.contains(
                "it would cut 2 open connections that were masqueraded or redirected") == true)
        #expect(report.failures.count == 1 && keeper.isBehind && firewall.observed != nil)
        tracker.masqueraded = 0
        #expect(pass(keeper, Self.withoutRules).failures.isEmpty)
        #expect(firewall.observed == nil && !keeper.isBehind)
    }

    @Test func rulesThatComeBackTakeThePlaceOfTheHold() {
        let keeper = keeper()
        hold.isThere = true
        tracker.masqueraded = 5
        #expect(pass(keeper, Self.demand(1)).plan.tracking == .release)
        #expect(!hold.isThere && firewall.observed != nil)
        #expect(pass(keeper, Self.demand(1)).isEmpty)
    }

    /// `network: off` leaves the virtual servers, and so the connections.
    @Test func aNetworkThatIsOffLetsGoOnceTheLastHasEnded() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        tracker.masqueraded = 1
        #expect(keeper.retire()?.plan.tracking == .hold(connections: 1))
        #expect(hold.isThere && firewall.observed == nil && keeper.holdsTracking == true)
        // An agent that comes after knows of it from the record.
        let next = self.keeper()
        #expect(next.retire()?.plan.tracking == nil)
        #expect(next.holdsTracking == true)
        tracker.masqueraded = 0
        #expect(next.retire()?.plan.tracking == .release)
        #expect(!hold.isThere && next.retire() == nil)
    }

    /// It removes the virtual servers, and the connections with them.
    @Test func aCleanUpLeavesNothing() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        tracker.masqueraded = 1
        hold.isThere = true
        #expect(keeper.previewCleanUp().plan.tracking == .release)
        #expect(keeper.cleanUp().plan.tracking == .release)
        #expect(!hold.isThere && firewall.observed == nil)
    }

    @Test func aTakeoverHoldsOrRefuses() throws {
        let keeper = keeper()
        #expect(keeper.previewHold() == nil)
        #expect(try keeper.holdTracking(mayLose: false) == nil)
        #expect(!hold.isThere)
        tracker.masqueraded = 16
        hold.failure = NFTablesError(operation: "make the table", message: "there is no program nft")
        #expect(keeper.previewHold() == .hold(connections: 16))
        #expect {
            try keeper.holdTracking(mayLose: false)
        } throws: { error in
            let text = "\(error)"
            return text.hasPrefix("16 open connections that were masqueraded or redirected would be cut")
                && text.hasSuffix("add --allow-connection-loss")
        }
        #expect(try keeper.holdTracking(mayLose: true) == nil)
        hold.failure = nil
        #expect(try keeper.holdTracking(mayLose: false) == .hold(connections: 16))
        #expect(hold.isThere)
        #expect(try keeper.holdTracking(mayLose: false) == nil)
    }

    /// The kernel counts transactions anew when nf_tables was loaded again, and may come to the same number.
    @Test func aTableThatWentWithItsModuleIsMissed() {
        let keeper = keeper()
        pass(keeper, Self.demand(1))
        firewall.reload()
        #expect(pass(keeper, Self.demand(1)).plan.firewall != nil)
        #expect(firewall.observed != nil)
    }
}
