// swift-format-ignore-file: NeverForceUnwrap

import Documents
import LoadBalancing
import Reconcile
import TestSupport
import Testing

@testable import Agent
@testable import Presentation

@Suite struct PlanViewTests {
    private static let plain = Terminal(showsColours: false)
    private static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let old = VirtualServerKey("tcp 192.0.2.2:80")!
    private static let server = RealServer(Endpoint("198.51.100.1:8080")!)

    /// A sync of a kernel with one of every change to make.
    func view(isPreview: Bool, showsChanges: Bool = true) throws -> PlanView {
        let kernel = InMemoryKernel()
        let other = RealServer(Endpoint("198.51.100.2:8080")!)
        _ = try kernel.apply([
            .addVirtualServer(VirtualServer(Self.web, scheduler: Scheduler("rr"))),
            .addRealServer(Self.server, to: Self.web),
            .addRealServer(other, to: Self.web), .addVirtualServer(VirtualServer(Self.old)),
            .addVirtualServer(VirtualServer(VirtualServerKey("fwmark 9")!)),
        ])
        kernel.setConnections(ConnectionCounts(active: 2), of: other.endpoint, in: Self.web)
        let ledger = Ledger(virtualServers: [Self.web: Ledger.Ownership(name: "web"), Self.old: Ledger.Ownership()])
        var edited = Self.server
        edited.weight = 5
        let desired = DesiredState(virtualServers: [
            DesiredVirtualServer(
                VirtualServer(Self.web, scheduler: Scheduler("wrr")), realServers: [edited], name: "web")
        ])
        let plan = Planner.plan(
            desired: desired, observed: kernel.readState(statistics: false), ledger: ledger, now: 100)
        var report = SyncReport()
        report.note(plan)
        report.conclude(plan)
        return PlanView(report, names: plan.ledger, isPreview: isPreview, showsChanges: showsChanges)
    }

    @Test func changesAreGroupedByVirtualServer() throws {
        #expect(
            try view(isPreview: true).lines(for: Self.plain) == [
                "~ tcp 192.0.2.1:80 (web)  scheduler: rr → wrr",
                "    ~ 198.51.100.1:8080  weight: 1 → 5",
                "    v 198.51.100.2:8080  weight: 1 → 0  connections remain",
                "- tcp 192.0.2.2:80",
                "Draining: tcp 192.0.2.1:80 real server 198.51.100.2:8080, 2 connections, at most until 15m after its start",
                "Plan: 2 to edit, 1 to drain, 1 to remove. 1 foreign virtual server left alone.",
            ])
        #expect(
            try view(isPreview: false).lines(for: Self.plain).last
                == "Made 4 changes. 1 foreign virtual server left alone.")
    }

    @Test func coloursAreOnlyForTerminals() throws {
        let coloured = try view(isPreview: true).lines(for: Terminal(showsColours: true))
        #expect(coloured[0].hasPrefix("\u{1B}[33m~"))
    }

    @Test func theDocumentHasEveryChangeInItsOrder() throws {
        let document = try view(isPreview: true).document
        guard case .sequence(let changes)? = document["changes"] else {
            Issue.record("no changes")
            return
        }
        #expect(changes.map { $0["action"] } == ["edit", "edit", "drain", "remove"])
        #expect(changes[1]["fields"] == [["field": "weight", "old": "1", "new": "5"]])
        #expect(document["foreign"] == ["fwmark 9"])
        #expect(document["operations"] == nil)
        #expect(try view(isPreview: false).document["operations"] == 0)
        #expect(try view(isPreview: false, showsChanges: false).document["changes"] == nil)
        #expect(try view(isPreview: false, showsChanges: false).document["operations"] == 0)
    }

    @Test func nothingToDoIsSaid() {
        let view = PlanView(SyncReport(), names: Ledger(), isPreview: true)
        #expect(view.lines(for: Self.plain) == ["Nothing to do."])
    }
}
