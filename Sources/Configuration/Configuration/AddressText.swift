import LoadBalancing

/// An address with or without a port, as virtual and real servers are written.
enum AddressText {
    /// Reads `10.0.0.1`, `10.0.0.1:80`, `2001:db8::1` or `[2001:db8::1]:443`.
    static func parse(_ text: some StringProtocol) throws(Complaint) -> (address: IPAddress, port: UInt16?) {
        if let endpoint = Endpoint(text) { return (endpoint.address, endpoint.port) }
        if let address = IPAddress(text) { return (address, nil) }
        if text.first == "[", text.last == "]", let address = IPAddress(text.dropFirst().dropLast()) {
            return (address, nil)
        }
        if let colon = text.lastIndex(of: ":"), Endpoint("\(text[..<colon]):0") != nil,
            text[colon...].dropFirst().allSatisfy(\.isNumber)
        {
            throw Complaint(
                field: "address", problem: "`\(text)` has no port from 0 to 65535", remedy: "write one after the colon")
        }
        throw Complaint(
            field: "address", problem: "`\(text)` is no numeric address",
            remedy: "write an address with a port, such as 10.0.0.1:80 or \"[2001:db8::1]:443\"")
    }
}
