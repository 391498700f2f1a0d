/// One change to the kernel's tables: what a plan is made of and what a batch carries.
package enum TableOperation: Hashable, Sendable {
    case addVirtualServer(VirtualServer)
    /// Replaces scheduler, flags, persistence and one-packet in place.
    case editVirtualServer(VirtualServer)
    /// The kernel drops its real servers with it.
    case removeVirtualServer(VirtualServerKey)
    case addRealServer(RealServer, to: VirtualServerKey)
    case editRealServer(RealServer, of: VirtualServerKey)
    case removeRealServer(Endpoint, from: VirtualServerKey)
    /// Takes a real server out and adds it again, so that it is the first of the kernel's list. Its connections stay, as
    /// the kernel keeps what it was.
    case moveRealServer(RealServer, of: VirtualServerKey)
    case setTimeouts(ConnectionTimeouts)
    case startSyncDaemon(SyncDaemon)
    case stopSyncDaemon(SyncDaemon)

    /// The virtual server that it belongs to, if any.
    package var key: VirtualServerKey? {
        switch self {
        case .addVirtualServer(let virtualServer), .editVirtualServer(let virtualServer): virtualServer.key
        case .removeVirtualServer(let key): key
        case .addRealServer(_, let key), .editRealServer(_, let key), .removeRealServer(_, let key),
            .moveRealServer(_, let key):
            key
        case .setTimeouts, .startSyncDaemon, .stopSyncDaemon: nil
        }
    }
}

extension TableOperation {
    /// Whether a real server is taken out for a moment.
    package var isMove: Bool {
        if case .moveRealServer = self { return true }
        return false
    }
}

/// One operation of a batch that the kernel refused; the others were carried out.
package struct OperationFailure: Error, Hashable, Sendable {
    /// The position of the operation in the batch that was given.
    package let index: Int
    package let operation: TableOperation
    /// The kernel's errno, positive.
    package let errno: Int32
    /// The kernel's extended acknowledgement, if it sent one.
    package let kernelMessage: String?

    package init(index: Int, operation: TableOperation, errno: Int32, kernelMessage: String? = nil) {
        self.index = index
        self.operation = operation
        self.errno = errno
        self.kernelMessage = kernelMessage
    }
}
