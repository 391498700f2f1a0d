import DataPath
import LoadBalancing
import NodeNetwork

private let first = IPAddress(v4: 0x0A60_0001)
private let second = IPAddress(v4: 0x0A60_0002)
private let sixth = IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1)
private let localhosts = [IPAddress(v4: 0x7F00_0001): "lo", IPAddress(v6High: 0, low: 1): "lo"]

/// A network of that length.
private func network(_ address: IPAddress, _ length: Int) throws -> IPPrefix {
    guard let network = IPPrefix(address, length: length) else {
        throw ContractViolation(description: "no network: \(address)/\(length)")
    }
    return network
}

extension VIPContract {
    static var deviceCases: [VIPContract] {
        [
            VIPContract(name: "a new namespace has what lo has") { table in
                try table.equal(try table.read(), ObservedVIPs(elsewhere: localhosts))
            },
            VIPContract(name: "the device comes, is set up, and goes") { table in
                try table.apply([.createDevice])
                try table.equal(try table.read().device, .ours(isUp: false))
                try table.apply([.setUp])
                try table.equal(try table.read(), ObservedVIPs(device: .ours(isUp: true), elsewhere: localhosts))
                try table.apply([.setUp, .removeDevice])
                try table.equal(try table.read().device, .missing)
            },
            VIPContract(name: "a device can be made only once") { table in
                try table.apply([.createDevice])
                try table.apply([.createDevice], refused: [.createDevice: 17])
                try table.equal(try table.read().device, .ours(isUp: false))
            },
            VIPContract(name: "a missing device takes nothing and has nothing to lose") { table in
                try table.apply(
                    [.setUp, .addAddress(first), .removeAddress(first), .removeDevice],
                    refused: [.setUp: 19, .addAddress(first): 19])
                try table.equal(try table.read(), ObservedVIPs(elsewhere: localhosts))
            },
            VIPContract(name: "another's device of our name is left alone") { table in
                try table.outsider.addDevice(VIPContractTable.device)
                try table.outsider.addAddress(first, to: VIPContractTable.device)
                let expected = ObservedVIPs(
                    device: .foreign, elsewhere: localhosts.merging([first: VIPContractTable.device]) { $1 })
                try table.equal(try table.read(), expected)
                let operations: [VIPOperation] = [
                    .createDevice, .setUp, .addAddress(second), .removeAddress(first), .removeDevice,
                ]
                try table.apply(operations, refused: Dictionary(uniqueKeysWithValues: operations.map { ($0, 17) }))
                try table.equal(try table.read(), expected)
            },
        ]
    }

    static var addressCases: [VIPContract] {
        [
            VIPContract(name: "addresses of both families come and go") { table in
                try table.apply([.createDevice, .setUp, .addAddress(first), .addAddress(sixth), .addAddress(second)])
                try table.equal(
                    try table.read(),
                    ObservedVIPs(
                        device: .ours(isUp: true), addresses: [first, second, sixth], elsewhere: localhosts))
                try table.apply([.removeAddress(first), .removeAddress(sixth)])
                try table.equal(try table.read().addresses, [second])
            },
            VIPContract(name: "what is done already is done") { table in
                try table.apply([.createDevice, .addAddress(first), .addAddress(first), .addAddress(sixth)])
                try table.apply([.addAddress(sixth), .removeAddress(second), .removeAddress(first)])
                try table.apply([.removeAddress(first)])
                try table.equal(try table.read().addresses, [sixth])
            },
            VIPContract(name: "addresses go with the device") { table in
                try table.apply([.createDevice, .addAddress(first), .addAddress(sixth), .removeDevice])
                try table.apply([.createDevice])
                try table.equal(try table.read().addresses, [])
            },
            VIPContract(name: "others' addresses are seen with their device") { table in
                try table.outsider.addDevice(VIPContractTable.otherDevice)
                try table.outsider.addAddress(first, to: VIPContractTable.otherDevice)
                try table.outsider.addAddress(sixth, to: VIPContractTable.otherDevice)
                try table.apply([.createDevice, .setUp, .addAddress(second)])
                let others = [first: VIPContractTable.otherDevice, sixth: VIPContractTable.otherDevice]
                try table.equal(
                    try table.read(),
                    ObservedVIPs(
                        device: .ours(isUp: true), addresses: [second],
                        elsewhere: localhosts.merging(others) { $1 }))
            },
        ]
    }

    static var routeCases: [VIPContract] {
        [
            VIPContract(name: "routes of both families come and go") { table in
                let routes = [try network(first, 12), try network(sixth, 64), try network(second, 32)]
                try table.apply(routes.map(VIPOperation.addRoute))
                try table.equal(try table.read(), ObservedVIPs(elsewhere: localhosts, routes: Set(routes)))
                try table.apply([.addRoute(routes[0]), .removeRoute(routes[0]), .removeRoute(routes[1])])
                try table.apply([.removeRoute(routes[0])])
                try table.equal(try table.read().routes, [routes[2]])
            },
            VIPContract(name: "a route beside an address of the same network") { table in
                let single = try network(first, 32)
                try table.apply([.createDevice, .setUp, .addAddress(first), .addRoute(single)])
                try table.equal(try table.read().routes, [single])
                try table.apply([.removeRoute(single)])
                try table.equal(try table.read().routes, [])
                try table.equal(try table.read().addresses, [first])
            },
        ]
    }

    static var planCases: [VIPContract] {
        [
            VIPContract(name: "plans reach their goal and then are empty") { table in
                let routes = [try network(first, 16), try network(sixth, 108)]
                try table.reach(.address, addresses: [])
                try table.equal(try table.read().device, .missing)
                try table.reach(.address, addresses: [first, sixth])
                try table.reach(.address, addresses: [second, sixth])
                try table.equal(try table.read().addresses, [second, sixth])
                try table.reach(.route, addresses: [first], routes: routes)
                try table.equal(try table.read(), ObservedVIPs(elsewhere: localhosts, routes: Set(routes)))
                try table.reach(.address, addresses: [first], routes: routes)
                try table.equal(
                    try table.read(),
                    ObservedVIPs(device: .ours(isUp: true), addresses: [first], elsewhere: localhosts))
                try table.reach(.none, addresses: [first], routes: routes)
                try table.equal(try table.read(), ObservedVIPs(elsewhere: localhosts))
            },
            VIPContract(name: "a wanted address that another device has stays there") { table in
                try table.outsider.addDevice(VIPContractTable.otherDevice)
                try table.outsider.addAddress(first, to: VIPContractTable.otherDevice)
                try table.reach(.address, addresses: [first, second])
                try table.equal(try table.read().addresses, [second])
                try table.equal(try table.read().elsewhere[first], VIPContractTable.otherDevice)
            },
            VIPContract(name: "cleanup leaves what is not ours") { table in
                try table.outsider.addDevice(VIPContractTable.otherDevice)
                try table.outsider.addAddress(first, to: VIPContractTable.otherDevice)
                let before = try table.read()
                try table.apply([
                    .createDevice, .setUp, .addAddress(second), .addRoute(try network(first, 16)),
                ])
                let plan = VIPPlan.cleanup(device: VIPContractTable.device, observed: try table.read())
                try table.apply(plan.operations)
                try table.equal(try table.read(), before)
            },
        ]
    }
}
