/// One message of a batch that the kernel refused.
package struct BatchFailure: Hashable, Sendable {
    /// The position in the batch, from 0.
    package let index: Int
    /// The kernel's errno, positive.
    package let errno: Int32
    /// The kernel's explanation, if it sent one.
    package let message: String?

    package init(index: Int, errno: Int32, message: String? = nil) {
        self.index = index
        self.errno = errno
        self.message = message
    }
}
