internal import CNetlink
internal import LoadBalancing
internal import Netlink

/// One message to the kernel's devices, addresses and routes. Devices go by their number: a name may change hands.
enum VIPRequest: Hashable {
    case createLink(String, index: UInt32)
    /// Gives the device our alias; the kernel takes none along with a new device.
    case markLink(index: UInt32)
    /// Has the kernel give the device no link-local address when it comes up.
    case withoutLinkLocal(index: UInt32)
    case setUp(index: UInt32)
    case removeLink(index: UInt32)
    case addAddress(IPAddress, index: UInt32)
    case removeAddress(IPAddress, index: UInt32)
    case addRoute(IPPrefix)
    case removeRoute(IPPrefix)

    /// The table of what is for this node (`RT_TABLE_LOCAL`).
    static let localTable: UInt8 = 255
    /// The loopback device has this number in every network namespace.
    static let loopback: UInt32 = 1

    /// What stands in front of the message's attributes.
    var head: MessageHead {
        switch self {
        case .createLink(_, let index): link(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index)
        case .markLink(let index), .withoutLinkLocal(let index): link(RTM_SETLINK, 0, index)
        case .setUp(let index): link(RTM_SETLINK, 0, index, flags: 1, changed: 1)  // IFF_UP
        case .removeLink(let index): link(RTM_DELLINK, 0, index)
        case .addAddress(let address, let index): self.address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address, index)
        case .removeAddress(let address, let index): self.address(RTM_DELADDR, 0, address, index)
        case .addRoute(let network): route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, network, scope: RT_SCOPE_HOST)
        case .removeRoute(let network): route(RTM_DELROUTE, 0, network, scope: RT_SCOPE_NOWHERE)
        }
    }

    private func link(
        _ type: Int, _ flags: Int32, _ index: UInt32, flags linkFlags: UInt32 = 0, changed: UInt32 = 0
    ) -> MessageHead {
        var header = ifinfomsg()
        header.ifi_index = Int32(bitPattern: index)
        header.ifi_flags = linkFlags
        header.ifi_change = changed
        return MessageHead(type: UInt16(type), flags: flags, header: header)
    }

    private func address(_ type: Int, _ flags: Int32, _ address: IPAddress, _ index: UInt32) -> MessageHead {
        var header = ifaddrmsg()
        header.ifa_family = address.family.wireValue
        header.ifa_prefixlen = UInt8(address.family.bitWidth)
        header.ifa_index = index
        return MessageHead(type: UInt16(type), flags: flags, header: header)
    }

    private func route(_ type: Int, _ flags: Int32, _ network: IPPrefix, scope: rt_scope_t) -> MessageHead {
        var header = rtmsg()
        header.rtm_family = network.address.family.wireValue
        header.rtm_dst_len = UInt8(network.length)
        header.rtm_table = Self.localTable
        header.rtm_protocol = VIPRoute.protocolNumber
        header.rtm_scope = UInt8(scope.rawValue)
        header.rtm_type = UInt8(RTN_LOCAL)
        return MessageHead(type: UInt16(type), flags: flags, header: header)
    }
}

extension MessageBuilder {
    /// Writes the attributes of a request.
    mutating func put(_ request: VIPRequest) {
        switch request {
        case .createLink(let name, _):
            put(IFLA_IFNAME, string: name)
            nest(IFLA_LINKINFO) { $0.put(IFLA_INFO_KIND, string: VIPDevice.kind) }
        case .markLink:
            put(IFLA_IFALIAS, string: VIPDevice.alias)
        case .withoutLinkLocal:
            nest(IFLA_AF_SPEC) { builder in
                builder.nest(Int(AddressFamily.ipv6.wireValue)) {
                    $0.put(IFLA_INET6_ADDR_GEN_MODE, UInt8(IN6_ADDR_GEN_MODE_NONE.rawValue))
                }
            }
        case .setUp, .removeLink:
            break
        case .addAddress(let address, _):
            put(IFA_LOCAL, address)
            // Nobody else is on the device to have the address already, and a route to a single address is one too many.
            put(IFA_FLAGS, UInt32(IFA_F_NODAD | IFA_F_NOPREFIXROUTE))
        case .removeAddress(let address, _):
            put(IFA_LOCAL, address)
        case .addRoute(let network):
            putDestination(network)
            put(Int(RTA_PRIORITY.rawValue), VIPRoute.metric)
        case .removeRoute(let network):
            putDestination(network)
        }
    }

    private mutating func putDestination(_ network: IPPrefix) {
        put(Int(RTA_DST.rawValue), network.address)
        put(Int(RTA_OIF.rawValue), VIPRequest.loopback)
    }
}

extension IPPrefix {
    /// Reads a message of the kernel's about a route; `nil` unless it is a local route of ours.
    init?(route message: borrowing Message, family: AddressFamily) throws(NetlinkError) {
        guard try message.headerField(at: 0) == family.wireValue,
            try message.headerField(at: 4) == VIPRequest.localTable,
            try message.headerField(at: 5) == VIPRoute.protocolNumber,
            try message.headerField(at: 7) == UInt8(RTN_LOCAL)
        else { return nil }
        // The route of everything has no destination.
        var address = family == .ipv4 ? IPAddress(v4: 0) : IPAddress(v6High: 0, low: 0)
        var attributes = try message.attributes(after: MemoryLayout<rtmsg>.size)
        while let attribute = try attributes.next() {
            if attribute.type == Int(RTA_DST.rawValue) { address = try IPAddress(attribute, family: family) }
        }
        self.init(address, length: Int(try message.headerField(at: 1, as: UInt8.self)))
    }
}
