internal import Glibc

/// A file descriptor that is closed with its owner; negative for none.
package struct Descriptor: ~Copyable {
    package let value: Int32

    package init(_ value: Int32) { self.value = value }

    deinit {
        if value >= 0 { close(value) }
    }
}
