import NFTables
import TestSupport
import Testing

@Suite struct InMemoryFirewallTests {
    @Test(arguments: FirewallContract.all.map(\.name)) func keepsTheContract(_ name: String) throws {
        let contract = try #require(FirewallContract.all.first { $0.name == name })
        try contract.check(InMemoryFirewall())
    }
}
