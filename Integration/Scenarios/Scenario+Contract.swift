import Agent
import IPVS
import Netlink
import TestSupport

extension Scenario {
    /// The suite that the in-memory kernel passes too, on the real one.
    static let contract: [Scenario] = TableContract.all.map { contract in
        Scenario("contract: \(contract.name)") { _ in
            try contract.check(ContractTable(try IPVSClient()))
        }
    }
}
