import LoadBalancing
import TestSupport

/// Random tables as other programs might leave them: known values mostly, any value now and then.
struct RawStates {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// A few virtual servers with their real servers; the kernel refuses some.
    mutating func next() -> [(service: RawService, destinations: [RawDestination])] {
        (0..<number(0...6)).map { _ in
            let service = service()
            return (service, (0..<number(0...4)).map { _ in destination(of: service) })
        }
    }

    private mutating func service() -> RawService {
        let isIPv6 = chance(3)
        let service = RawService(
            address(isIPv6, special: chance(8)),
            protocolNumber: chance(5) ? UInt16(number(0...65535)) : pick([6, 17, 132]),
            port: chance(4) ? 0 : UInt16(number(1...65535)))
        return service.with { service in
            if chance(4) { service.mark = chance(2) ? UInt32(number(1...9)) : UInt32(number(1...Int(UInt32.max))) }
            service.scheduler = pick(["rr", "wrr", "lc", "wlc", "sh", "mh", "dh", "sed", "nq", "fo", "ovf", "none"])
            service.flags = chance(6) ? UInt32(number(0...Int(UInt32.max))) : UInt32(number(0...15)) << 2
            if chance(2) { service.flags |= 1 }
            service.timeout = chance(6) ? UInt32(number(0...Int(UInt32.max))) : UInt32(number(0...4000))
            if chance(2) { service.netmask = isIPv6 ? UInt32(number(1...128)) : UInt32(number(0...Int(UInt32.max))) }
            if chance(4) { service.engine = "sip" }
        }
    }

    private mutating func destination(of service: RawService) -> RawDestination {
        let isIPv6 = (service.family == 10) != chance(5)
        return RawDestination(
            address(isIPv6, special: chance(10)),
            port: chance(2) ? service.port : chance(3) ? 0 : UInt16(number(1...65535))
        ) { server in
            server.method = chance(4) ? UInt32(number(0...7)) : pick([0, 2, 3])
            server.weight = chance(4) ? UInt32(number(0...Int(Int32.max))) : UInt32(number(0...3))
            if chance(3) { server.upperThreshold = chance(3) ? .max - UInt32(number(0...9)) : UInt32(number(0...100)) }
            if chance(3) { server.lowerThreshold = UInt32(number(0...Int(server.upperThreshold))) }
            server.tunnelType = chance(8) ? UInt8(number(0...255)) : pick([0, 1, 2])
            if chance(2) { server.tunnelPort = UInt16(number(0...65535)) }
            if chance(2) { server.tunnelFlags = chance(4) ? UInt16(number(0...65535)) : pick([0, 1, 2]) }
        }
    }

    private mutating func address(_ isIPv6: Bool, special: Bool) -> IPAddress {
        if isIPv6 {
            return special
                ? IPAddress(
                    v6High: pick([0, 0xFF02_0000_0000_0000, 0xFE80_0000_0000_0000]), low: UInt64(number(0...3)))
                : IPAddress(v6High: 0x2001_0DB8_0000_0000, low: UInt64(number(1...20)))
        }
        return IPAddress(
            v4: special
                ? pick([0, 0xE000_0009, 0x7F00_0001, 0xFFFF_FFFF, 0xF000_0001]) : 0x0A01_0000 + UInt32(number(1...20)))
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func chance(_ count: Int) -> Bool { number(1...count) == 1 }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...(elements.count - 1))] }
}

/// Random files of rules that `ipvsadm -R` takes whole, in every spelling that it knows.
struct RuleFiles {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// Lines for one table, each virtual server once.
    mutating func next() -> [String] {
        var lines: [String] = []
        if chance(6) { lines.append(pick(["-C", "", "--set 0 0 0", "-Z"])) }
        for index in 1...number(1...4) { lines += virtualServer(index) }
        return lines
    }

    private mutating func virtualServer(_ index: Int) -> [String] {
        let isMark = chance(4)
        let isIPv6 = chance(3)
        let isPersistent = chance(2)
        let hasPort = !isPersistent || chance(2)
        let option = isMark ? pick(["-f", "--fwmark-service"]) : pick(["-t", "-u", "--tcp-service", "--sctp-service"])
        let port = 1000 + index
        let name =
            isMark
            ? "\(chance(3) ? 4_000_000_000 + index : index)"
            : isIPv6
                ? hasPort ? "[\(spelling6(index))]:\(port)" : spelling6(index)
                : spelling4(10, index) + (hasPort ? ":" + spelling(port) : "")
        let service =
            pick(["\(option) \(name)", option.hasPrefix("--") ? "\(option)=\(name)" : "\(option)\(name)"])
            + (isMark && isIPv6 ? pick([" -6", " --ipv6"]) : "")
        var options: [String] = [service]
        let scheduler = pick(["rr", "wrr", "wlc", "sh", "mh"])
        if scheduler != "wlc" || chance(2) {
            options.append(pick(["-s \(scheduler)", "--scheduler=\(scheduler)", "-s\(scheduler)"]))
        }
        if isPersistent { options.append(pick(["-p", "-p \(number(1...9999))", "--persistent=60", "-p 0600"])) }
        if chance(3) {
            options.append(
                isIPv6
                    ? "-M \(number(1...128))"
                    : pick(["-M 255.255.255.0", "--netmask 255.0.0.0", "-M 24", "-M 255.255"]))
        }
        if chance(5) { options.append(pick(["--pe sip", "--pe=sip"])) }
        if (isMark || option == "-u") && chance(3) { options.append(pick(["-o", "--ops"])) }
        if chance(4) {
            let flags =
                scheduler == "sh"
                ? ["sh-port", "sh-fallback,flag-3", ",flag-1,"]
                : scheduler == "mh" ? ["mh-port", "mh-fallback,mh-port"] : ["flag-1", "flag-2,flag-3"]
            options.append(pick(["-b ", "--sched-flags="]) + pick(flags))
        }
        // A mask may stand before what makes the virtual server one of IPv6, where it counts for nothing.
        if !(isIPv6 && options.contains { $0.hasPrefix("-M") || $0.hasPrefix("--netmask") } && chance(2)) {
            options.shuffle(using: &generator)
        }
        var text = pick(["-A ", "--add-service ", "ipvsadm -A "]) + options.joined(separator: pick([" ", "  ", "\t"]))
        // The value of an option is the next word, so a bare -p must not stand before one.
        text = text.replacing(" -p ", with: " -p ")
        return [text]
            + (0..<number(0...3)).map { realServer($0, service, port: isMark || !hasPort ? 0 : port, isIPv6, isMark) }
    }

    private mutating func realServer(
        _ index: Int, _ service: String, port: Int, _ isIPv6: Bool, _ isMark: Bool
    ) -> String {
        let method = pick(["", "-g", "-m", "-i", "--masquerading", "--ipip"])
        let isTunnel = method == "-i" || method == "--ipip"
        let isOther = isTunnel && chance(3) ? !isIPv6 : isIPv6
        let hasPort = chance(2)
        let address =
            isOther
            ? hasPort ? "[\(spelling6(50 + index))]:\(spelling(2000 + index))" : spelling6(50 + index)
            : spelling4(20, index + 1) + (hasPort ? ":" + spelling(2000 + index) : "")
        var options = [pick(["-r \(address)", "--real-server=\(address)"])]
        if !method.isEmpty { options.append(method) }
        if chance(2) { options.append(pick(["-w \(number(0...70000))", "--weight=0", "-w 07"])) }
        if chance(3) { options.append("-x \(number(5...2_147_483_647)) -y \(number(0...5))") }
        if isTunnel && chance(2) {
            options.append(
                pick([
                    "--tun-type ipip", "--tun-type gue --tun-port 6080", "--tun-type gre --tun-csum",
                    "--tun-type=gue --tun-port=6080 --tun-remcsum", "--tun-type gre --tun-nocsum",
                ]))
        }
        options.shuffle(using: &generator)
        return pick(["-a ", "--add-server "]) + service + " " + options.joined(separator: " ")
    }

    /// An IPv4 address in one of the forms of `inet_aton`.
    private mutating func spelling4(_ net: Int, _ host: Int) -> String {
        pick([
            "\(net).1.0.\(host)", "\(net).1.\(host)", "\(net).65536".replacing("65536", with: "\(65536 + host)"),
            "0\(String(net, radix: 8)).1.0.\(host)", "0x\(String(net, radix: 16)).1.0.\(host)",
        ])
    }

    private mutating func spelling6(_ host: Int) -> String {
        pick(["2001:db8::\(host)", "2001:DB8:0:0::\(host)", "2001:db8::0.0.0.\(host)"].map { $0 })
    }

    private mutating func spelling(_ port: Int) -> String { pick(["\(port)", "0\(port)", "+\(port)"]) }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func chance(_ count: Int) -> Bool { number(1...count) == 1 }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...(elements.count - 1))] }
}
