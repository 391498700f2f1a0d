internal import Glibc

/// What is in a directory.
package enum Folder {
    /// The names in it, in no order, without `.` and `..`.
    package static func names(_ path: String) throws(FileError) -> [String] {
        errno = 0
        let names = someNames(path, limit: .max)
        guard errno == 0 else { throw .last(path) }
        return names
    }

    /// No more of the names than the limit; none of what cannot be read, and `errno` tells why.
    static func someNames(_ path: String, limit: Int) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer {
            let code = errno
            closedir(directory)
            errno = code
        }
        var names: [String] = []
        errno = 0
        while names.count < limit, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        return names
    }

    /// Files in it by their names, each with the path to open it by.
    ///
    /// In a mounted ConfigMap, each file is a link through the link `..data`. All of them change at once, when kubelet has
    /// `..data` lead to another directory. So the files are those of the directory that it leads to now: none of them is of
    /// another version than the rest.
    package static func files(_ path: String) throws(FileError) -> [(name: String, path: String)] {
        let names = try names(path)
        guard let mounted = FileLink.end(of: "\(path)/\(FileLink.mount)") else {
            return names.map { ($0, "\(path)/\($0)") }
        }
        let own = names.filter { !FileLink.isMounted("\(path)/\($0)") }
        return own.map { ($0, "\(path)/\($0)") } + (try Folder.names(mounted)).map { ($0, "\(mounted)/\($0)") }
    }
}
