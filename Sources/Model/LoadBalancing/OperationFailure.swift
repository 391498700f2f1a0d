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
