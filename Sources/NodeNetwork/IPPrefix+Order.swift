internal import LoadBalancing

extension Set<IPPrefix> {
    /// The networks by address, larger ones first.
    func sorted() -> [IPPrefix] {
        sorted { left, right in
            left.address == right.address ? left.length < right.length : left.address < right.address
        }
    }
}
