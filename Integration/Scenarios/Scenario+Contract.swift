import Agent
import IPVS
import Netlink
import TestSupport

extension Scenario {
    /// The suite that the in-memory kernel passes too, on the real one.
    static let contract: [Scenario] =
        TableContract.all.map { contract in
            Scenario("contract: \(contract.name)") { _ in
                try contract.check(ContractTable(try IPVSClient()))
            }
        } + [
            Scenario("contract: flush empties the namespace, whoever filled it") { context in
                try context.ipvsadm("-A", "-t", "192.0.2.1:80")
                try context.ipvsadm("-A", "-f", "7")
                try IPVSClient().flush()
                try expectEqual(try context.ipvsadmSave(), [])
            }
        ]
}
