// swift-format-ignore-file: NeverForceUnwrap

import Glibc
import Reconcile

@testable import Agent

/// A ledger of its own in a new directory, removed at the end.
final class TemporaryState {
    let directory: String
    let identity = StateIdentity(boot: "boot", namespace: "1")
    var store: LedgerStore { LedgerStore(directory: directory, identity: identity) }

    init() throws {
        var template = Array("/tmp/ipvsync-state.XXXXXX".utf8CString)
        directory = try template.withUnsafeMutableBufferPointer { buffer in
            guard let path = mkdtemp(buffer.baseAddress!) else { throw StateError(.unwritable(errno), path: "/tmp") }
            return String(cString: path)
        }
    }

    deinit {
        for name in files { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }

    /// The names of the files in the directory, sorted.
    var files: [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func write(_ text: String) {
        let file = fopen(store.path, "w")
        fputs(text, file)
        fclose(file)
    }
}
