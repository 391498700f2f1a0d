internal import Glibc

/// The release of a running kernel.
package struct KernelVersion: Hashable, Sendable, Comparable {
    package let major: Int
    package let minor: Int
    /// As the kernel prints it: `6.1.0-56-amd64`.
    package let release: String

    /// Reads a release such as `6.1.0-56-amd64`.
    package init?(release: String) {
        let numbers = release.split(separator: ".", maxSplits: 2).map { $0.prefix { $0.isNumber } }
        guard numbers.count >= 2, let major = Int(numbers[0]), let minor = Int(numbers[1]) else { return nil }
        self.major = major
        self.minor = minor
        self.release = release
    }

    /// The kernel that runs; `nil` if its release cannot be read.
    package static var running: KernelVersion? {
        var names = utsname()
        guard uname(&names) == 0 else { return nil }
        let release = withUnsafeBytes(of: &names.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return KernelVersion(release: release)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
