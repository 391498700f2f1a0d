import Glibc

/// A folder as kubelet mounts a ConfigMap into it (`AtomicWriter` in `pkg/volume/util`): each file is a link through
/// `..data`, which leads to a folder for each version.
package struct MountedConfigMap {
    private let folder: TemporaryFolder
    private let name: String
    private var version = 0
    private var files: Set<String> = []

    package var path: String { folder.file(name) }

    /// - Parameter name: Of the folder in another one.
    package init(_ name: String, in folder: TemporaryFolder, _ files: [String: String]) throws {
        self.folder = folder
        self.name = name
        try folder.makeFolder(name)
        try update(files)
    }

    /// Puts other files in the place of these, in the order of kubelet.
    ///
    /// - Parameter midway: Is called when `..data` leads to the new files, and the old ones and their links are there yet.
    package mutating func update(_ next: [String: String], midway: () throws -> Void = {}) throws {
        let old = "..\(version)"
        version += 1
        let new = "..\(version)"
        for (file, text) in next { try folder.write(text, to: "\(name)/\(new)/\(file)") }
        try link("..data_tmp", to: new)
        guard rename("\(path)/..data_tmp", "\(path)/..data") == 0 else {
            throw TemporaryFolderError(path: "\(path)/..data", code: errno)
        }
        for file in next.keys where !files.contains(file) { try link(file, to: "..data/\(file)") }
        try midway()
        for file in files where next[file] == nil { folder.remove("\(name)/\(file)") }
        folder.remove("\(name)/\(old)")
        files = Set(next.keys)
    }

    private func link(_ link: String, to target: String) throws {
        guard symlink(target, "\(path)/\(link)") == 0 else {
            throw TemporaryFolderError(path: "\(path)/\(link)", code: errno)
        }
    }
}
