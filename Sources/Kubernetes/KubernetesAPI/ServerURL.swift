/// A URL of a server or proxy, parted from the user and password that may stand in it, so that it can be shown.
struct ServerURL: Hashable {
    /// `https://host:port/path`, without user and password, and without a slash at the end.
    let text: String
    /// A name or an address, without brackets and without a port.
    let host: String
    /// What stood before the `@`.
    let credential: ClusterAccess.Login?

    /// Why a text is no URL that is used. It never holds anything of the text, which may hold a password.
    enum Problem: String, Error {
        case scheme = "it begins with none of the protocols that are understood"
        case host = "it names no host"
        case characters = "it has a character that belongs to no URL, a `?`, a `#`, or a second `@`"
        case encoding = "its user or password is not percent-encoded UTF-8"
    }

    /// - Parameter schemes: The protocols that are understood, without `://`.
    init(_ text: String, schemes: [String]) throws(Problem) {
        guard let scheme = schemes.first(where: { text.lowercased().hasPrefix("\($0)://") }) else { throw .scheme }
        var rest = Array(text.utf8.dropFirst(scheme.utf8.count + 3))[...]
        while rest.last == UInt8(ascii: "/") { rest.removeLast() }
        let unusable = Array("?#\\\"<>^`{|} ".utf8)
        guard rest.allSatisfy({ (0x21...0x7E).contains($0) && !unusable.contains($0) }),
            rest.count(where: { $0 == UInt8(ascii: "@") }) <= 1
        else { throw .characters }
        let path = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        var login: ClusterAccess.Login?
        if let sign = rest.firstIndex(of: UInt8(ascii: "@")) {
            // A slash before it is one of an unencoded password.
            guard sign < path else { throw .characters }
            login = try Self.login(rest[..<sign])
            rest = rest[(sign + 1)...]
        }
        let authority = rest[..<path]
        guard let host = Self.host(authority) else { throw .host }
        self.host = host
        self.text = "\(scheme)://\(String(decoding: rest, as: UTF8.self))"
        credential = login
    }

    private static func login(_ bytes: ArraySlice<UInt8>) throws(Problem) -> ClusterAccess.Login? {
        guard !bytes.isEmpty else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = text(parts[0]), var password = decoded(parts.count > 1 ? parts[1] : []) else {
            throw .encoding
        }
        return ClusterAccess.Login(user: user, password: Secret(taking: &password))
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        decoded(bytes).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Percent-encoded bytes as they are meant; `nil` if they are not encoded well, or hold a NUL.
    private static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex,
                    let high = Character(UnicodeScalar(bytes[index + 1])).hexDigitValue,
                    let low = Character(UnicodeScalar(bytes[index + 2])).hexDigitValue, high + low > 0
                else { return nil }
                result.append(UInt8(high << 4 | low))
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    /// The host of `host`, `host:port`, `[address]` and `[address]:port`.
    private static func host(_ authority: ArraySlice<UInt8>) -> String? {
        var host = authority
        var port: ArraySlice<UInt8> = []
        if authority.first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = authority[(authority.startIndex + 1)..<end]
            port = authority[(end + 1)...]
        } else if let colon = authority.firstIndex(of: UInt8(ascii: ":")) {
            host = authority[..<colon]
            port = authority[colon...]
        }
        guard !host.isEmpty else { return nil }
        if !port.isEmpty {
            guard port.first == UInt8(ascii: ":"), UInt16(String(decoding: port.dropFirst(), as: UTF8.self)) != nil
            else { return nil }
        }
        return String(decoding: host, as: UTF8.self)
    }
}
