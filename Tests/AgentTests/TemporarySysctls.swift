// swift-format-ignore-file: NeverForceUnwrap

import Glibc

@testable import Agent

/// A folder in the place of /proc/sys, removed at the end.
final class TemporarySysctls {
    let root: String

    private static let folders = [
        "net", "net/ipv4", "net/ipv4/vs", "net/ipv4/conf", "net/ipv4/conf/all", "net/ipv6", "net/ipv6/conf",
        "net/ipv6/conf/all", "net/netfilter",
    ]
    private static let standard = [
        "net/ipv4/vs/conntrack": "0", "net/ipv4/vs/expire_nodest_conn": "0",
        "net/ipv4/vs/expire_quiescent_template": "0", "net/ipv4/ip_forward": "1",
        "net/ipv6/conf/all/forwarding": "0", "net/ipv4/conf/all/arp_ignore": "0",
        "net/ipv4/conf/all/arp_announce": "0", "net/netfilter/nf_conntrack_max": "1000",
    ]

    init() throws {
        var template = Array("/tmp/ipvsync-sysctls.XXXXXX".utf8CString)
        root = try template.withUnsafeMutableBufferPointer { buffer in
            guard let path = mkdtemp(buffer.baseAddress!) else { throw StateError(.unwritable(errno), path: "/tmp") }
            return String(cString: path)
        }
        for folder in Self.folders { mkdir("\(root)/\(folder)", 0o700) }
        for (key, value) in Self.standard { self[key] = value }
    }

    deinit {
        for key in Self.standard.keys { unlink("\(root)/\(key)") }
        for folder in Self.folders.reversed() { rmdir("\(root)/\(folder)") }
        rmdir(root)
    }

    /// The value of a setting; without one, there is no such setting.
    subscript(key: String) -> String? {
        get {
            guard let file = fopen("\(root)/\(key)", "r") else { return nil }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 100)
            guard fgets(&buffer, 100, file) != nil else { return "" }
            return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        set {
            guard let newValue else {
                unlink("\(root)/\(key)")
                return
            }
            guard let file = fopen("\(root)/\(key)", "w") else { return }
            fputs("\(newValue)\n", file)
            fclose(file)
        }
    }
}
