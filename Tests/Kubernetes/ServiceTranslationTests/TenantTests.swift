import TestSupport
import Testing

@testable import ServiceTranslation

/// One tenant means no good, another well.
@Suite struct TenantTests {
    /// `scripts/fuzz tenant` goes on for as long as it is told.
    @Test(arguments: 1...3 as ClosedRange<UInt64>) func nothingOfAnotherTenantChanges(seed: UInt64) throws {
        var trial = try TenantTrial(seed: seed)
        try trial.run(objects: 200)
        let figures = trial.figures
        #expect(figures.unreadable < figures.objects / 4, "too little is read: \(figures)")
        #expect(figures.virtualServers > 100, "too little is asked for: \(figures)")
        #expect(figures.virtualServers <= 2 * ServiceBounds.virtualServers, "\(figures)")
        #expect(figures.realServers <= 2 * ServiceBounds.realServers, "\(figures)")
        #expect(figures.warnings <= ServiceBounds.warnings + 2, "\(figures)")
        #expect(figures.warningBytes <= ServiceBounds.warningLength + 3, "\(figures)")
    }
}
