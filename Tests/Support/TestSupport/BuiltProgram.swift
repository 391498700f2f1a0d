internal import Glibc

/// Programs that were built with these tests.
package enum BuiltProgram {
    /// Where a program is: beside the tests, which are a program or a library in the same folder.
    package static func path(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let beside = own.lastIndex(of: "/").map { String(own[...$0]) + name } ?? ""
        guard access(beside, X_OK) != 0 else { return beside }
        // The tests are a library that a program of the toolchain has loaded.
        let library = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ""
        return (library.lastIndex(of: "/").map { String(library[...$0]) } ?? "./") + name
    }
}
