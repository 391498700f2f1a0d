internal import Glibc
internal import Netlink

/// An operation that the kernel refused; the others were carried out.
package struct VIPFailure: Error, Hashable, Sendable {
    package let operation: VIPOperation
    /// The kernel's errno, positive.
    package let errno: Int32
    /// The kernel's extended acknowledgement, if it sent one.
    package let kernelMessage: String?

    package init(operation: VIPOperation, errno: Int32, kernelMessage: String? = nil) {
        self.operation = operation
        self.errno = errno
        self.kernelMessage = kernelMessage
    }

    /// What failed and why, in words.
    package func text(device: String) -> String {
        let error = NetlinkError(.refused(errno), operation: operation.text(device: device), message: kernelMessage)
        let remedy =
            operation == .createDevice && errno == EOPNOTSUPP
            ? "; modprobe dummy, or set network.vipBinding: route" : ""
        return "cannot \(error.operation): \(error.reason)\(remedy)"
    }
}
