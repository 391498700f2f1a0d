internal import Glibc

/// A file descriptor that is closed with its owner; negative for none.
struct Descriptor: ~Copyable {
    let value: Int32

    init(_ value: Int32) { self.value = value }

    deinit {
        if value >= 0 { close(value) }
    }
}
