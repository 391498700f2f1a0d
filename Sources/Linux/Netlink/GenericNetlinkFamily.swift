internal import CNetlink
internal import Glibc

/// A generic netlink family with the number that the kernel gives it now.
///
/// The number goes with the family's module, and the module comes back with another one; in between, another family may
/// get it. So a number is used only while the kernel has not told of a change, and asked for again when a refusal could
/// mean that the family has gone.
package final class GenericNetlinkFamily {
    package let name: String
    let version: UInt8
    private let module: String
    private let hasNews: () -> Bool
    private var number: UInt16?
    private var wasThere = false

    /// - Parameters:
    ///   - version: The version that requests are written in.
    ///   - module: The kernel's module that has the family, for the remedy.
    ///   - hasNews: Whether the family has come or gone since the last call; cheap.
    package init(_ name: String, version: UInt8, module: String, hasNews: @escaping () -> Bool) {
        self.name = name
        self.version = version
        self.module = module
        self.hasNews = hasNews
    }

    /// A family of the calling process's network namespace, whose coming and going the kernel tells.
    package convenience init(_ name: String, version: UInt8, module: String) throws(NetlinkError) {
        let watch = Watch(try FamilyWatch(name))
        self.init(name, version: version, module: module) { watch.hasChanged() }
    }

    /// A family whose number is known and stays.
    init(fixed number: UInt16, version: UInt8) {
        name = "\(number)"
        self.version = version
        module = ""
        hasNews = { false }
        self.number = number
        isFixed = true
    }

    private var isFixed = false

    private final class Watch {
        private var watch: FamilyWatch

        init(_ watch: consuming FamilyWatch) { self.watch = watch }

        func hasChanged() -> Bool { watch.hasChanged() }
    }
}

extension GenericNetlinkFamily {
    /// The number to use now. Where nothing was told, that costs one system call.
    func current(_ channel: NetlinkChannel) throws(NetlinkError) -> UInt16 {
        if hasNews() { number = nil }
        if let number { return number }
        return try resolve(channel)
    }

    /// Whether the family has another number than this by now.
    ///
    /// - Throws: ``NetlinkError/Kind/familyMissing`` when it has none.
    func hasMoved(from old: UInt16, _ channel: NetlinkChannel) throws(NetlinkError) -> Bool {
        guard !isFixed else { return false }
        return try resolve(channel) != old
    }

    /// Asks the kernel for the number, which may load the module (`CTRL_CMD_GETFAMILY`).
    @discardableResult
    func resolve(_ channel: NetlinkChannel) throws(NetlinkError) -> UInt16 {
        number = nil
        let operation = "resolve the family \(name)"
        let head = MessageHead(
            type: UInt16(GENL_ID_CTRL), header: genlmsghdr(cmd: UInt8(CTRL_CMD_GETFAMILY), version: 2, reserved: 0))
        let found: UInt16?
        do throws(NetlinkError) {
            found = try channel.get(
                operation, head, initial: nil, request: { $0.put(CTRL_ATTR_FAMILY_NAME, string: name) },
                reduce: { (number, message) throws(NetlinkError) in
                    var attributes = try message.attributes(after: MemoryLayout<genlmsghdr>.size)
                    while let attribute = try attributes.next() {
                        if attribute.type == CTRL_ATTR_FAMILY_ID { number = try attribute.integer() }
                    }
                })
        } catch {
            guard error.kind == .refused(ENOENT) else { throw error }
            throw NetlinkError(
                .familyMissing, operation: operation,
                message: wasThere ? "\(name) is gone from the kernel: modprobe \(module)" : nil)
        }
        guard let found, found > UInt16(GENL_ID_CTRL) || name == FamilyWatch.controller else {
            throw NetlinkError(.malformed, operation: operation, message: "the family has no number")
        }
        wasThere = true
        number = found
        return found
    }
}

/// Tells when a generic netlink family comes or goes with its module, as a descriptor that can be waited for.
package struct FamilyWatch: ~Copyable {
    private var news: NetlinkNews
    private let name: String
    static let controller = "nlctrl"

    /// A watch of the calling process's network namespace. It needs no rights.
    package init(_ name: String) throws(NetlinkError) {
        self.name = name
        // The controller's only group, "notify", has the controller's own number.
        news = try NetlinkNews(
            .generic, groups: 1 << (UInt32(GENL_ID_CTRL) - 1), operation: "watch the netlink family \(name)")
    }

    package var descriptor: Int32 { news.descriptor }

    /// Whether the family has come or gone since the last call.
    package mutating func hasChanged() -> Bool {
        let name = name
        return news.hasNews { message throws(NetlinkError) in
            var attributes = try message.attributes(after: MemoryLayout<genlmsghdr>.size)
            while let attribute = try attributes.next() {
                if attribute.type == CTRL_ATTR_FAMILY_NAME { return attribute.string() == name }
            }
            return false
        }
    }
}
