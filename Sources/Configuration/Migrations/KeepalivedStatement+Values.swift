import LoadBalancing

/// Reads the values of a statement as keepalived does; each answers `nil` after a report of what is wrong.
extension KeepalivedStatement {
    func number(_ range: ClosedRange<UInt32>, at index: Int = 1, _ findings: Findings) -> UInt32? {
        guard words.count > index, words[index].first != "+", let number = UInt32(words[index]), range.contains(number)
        else {
            findings.report(
                place, "\(keyword) is \(shown(index))",
                "write a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// Seconds with up to six places, from 0 to a day.
    func timer(_ findings: Findings) -> Duration? {
        let parts = (words.count > 1 ? words[1] : "").split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? String(parts[1].prefix(6)) : ""
        let digits = parts.joined().utf8
        guard let whole = parts.first, 1...2 ~= parts.count, !digits.isEmpty,
            digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = whole.isEmpty ? 0 : Int(whole), seconds <= 86_400,
            let microseconds = Int((fraction + "000000").prefix(6))
        else {
            findings.report(place, "\(keyword) is \(shown(1))", "write seconds, such as 3 or 0.5, at most a day")
            return nil
        }
        return .seconds(seconds) + .microseconds(microseconds)
    }

    /// `on`, `yes`, `true`, which are as good as no value, or `off`, `no`, `false`.
    func flag(_ findings: Findings) -> Bool? {
        guard words.count > 1 else { return true }
        switch words[1].lowercased() {
        case "on", "yes", "true": return true
        case "off", "no", "false": return false
        default:
            findings.report(place, "\(keyword) is \(shown(1))", "write on or off")
            return nil
        }
    }

    func address(at index: Int = 1, _ findings: Findings) -> IPAddress? {
        guard words.count > index, let address = IPAddress(words[index]) else {
            findings.report(place, "\(keyword) is \(shown(index))", "write an address, such as 192.0.2.1")
            return nil
        }
        return address
    }

    /// A port in the place after an address; 0 if there is none.
    func port(at index: Int, _ findings: Findings) -> UInt16? {
        guard words.count > index else { return 0 }
        return number(0...65_535, at: index, findings).map { UInt16($0) }
    }

    /// `NAT`, `DR`, or `TUN` with its options.
    func forwarding(_ findings: Findings) -> ForwardingMethod? {
        switch words.count > 1 ? words[1] : "" {
        case "NAT": return .masquerade
        case "DR": return .direct
        case "TUN": return tunnel(findings).map { .tunnel($0) }
        default:
            findings.report(place, "\(keyword) is \(shown(1))", "write NAT, DR or TUN")
            return nil
        }
    }

    private func tunnel(_ findings: Findings) -> Tunnel? {
        var type = "ipip"
        var port: UInt16?
        var checksum = TunnelChecksum.none
        var options = words.dropFirst(2)
        while let option = options.popFirst() {
            if option == "type", let name = options.popFirst() {
                type = name
            } else if option == "port", let number = options.popFirst().flatMap({ UInt16($0) }), number > 0 {
                port = number
            } else if let known = TunnelChecksum(name: option) {
                checksum = known
            } else {
                findings.report(
                    place, "\(option) is no option of a tunnel", "write type ipip, type gue port 6080, or type gre")
                return nil
            }
        }
        switch (type, port, checksum) {
        case ("ipip", nil, .none): return .ipip
        case ("gue", let port?, _): return .gue(port: port, checksum: checksum)
        case ("gre", nil, .none), ("gre", nil, .full): return .gre(checksum: checksum)
        default:
            findings.report(
                place, "a tunnel cannot be \(words.dropFirst(2).joined(separator: " "))",
                "write type ipip, type gue port 6080 [nocsum|csum|remcsum], or type gre [nocsum|csum]")
            return nil
        }
    }

    /// A value for messages.
    func shown(_ index: Int) -> String { words.count > index ? "\"\(words[index])\"" : "without a value" }
}
