import TestSupport
import Testing

@Suite struct ContractTests {
    @Test(arguments: TableContract.all.map(\.name))
    func inMemoryKernelKeepsTheContract(_ name: String) throws {
        let contract = try #require(TableContract.all.first { $0.name == name })
        try contract.check(ContractTable(InMemoryKernel()))
    }

    @Test func namesAreUnique() {
        #expect(Set(TableContract.all.map(\.name)).count == TableContract.all.count)
    }
}
