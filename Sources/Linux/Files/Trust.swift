internal import Glibc

/// Whose files are believed: root's and this user's own, where nobody else can write.
package enum Trust {
    /// Refuses a directory in which somebody else could put files, or could exchange it for another.
    ///
    /// The directory has to belong to root or to this user, and no other may write in it. So have the directories above
    /// it, and the symbolic links on the way, but that those may have the sticky bit, as `/tmp`.
    ///
    /// - Throws: ``FileError/Kind/untrusted(_:)``; ``FileError/Kind/system(_:)`` with `ENOENT` when it is not there.
    package static func require(directory path: String) throws(FileError) {
        let absolute = try absolute(path)
        let status = try FileStatus(path: path)
        guard status.isDirectory else { throw FileError(.untrusted("it is \(status.kindName)"), path: path) }
        if let reason = foreignness(of: status) { throw FileError(.untrusted(reason), path: path) }
        for way in [absolute, try resolved(path)] {
            for place in try stations(of: way) {
                let status = try FileStatus(path: place, followsLink: false)
                if let reason = insecurity(of: status) {
                    throw FileError(.untrusted("\(place) on the way to it \(reason)"), path: path)
                }
            }
        }
    }

    /// Why an open file cannot be one that only root or this user writes: `it is a FIFO`; `nil` if it is.
    package static func foreignness(ofOpen descriptor: Int32) -> String? {
        do throws(FileError) {
            let status = try FileStatus(descriptor, path: "")
            return status.isRegular ? foreignness(of: status) : "it is \(status.kindName)"
        } catch {
            return "nothing is known of it"
        }
    }

    /// Why others than root and this user could have written it: `it belongs to user 1000`.
    static func foreignness(of status: FileStatus) -> String? {
        if status.owner != 0, status.owner != geteuid() { return "it belongs to user \(status.owner)" }
        return status.isWritableByOthers ? "users beside its owner may write to it" : nil
    }

    /// Why what is in a directory, or behind a link, could be exchanged by others.
    private static func insecurity(of status: FileStatus) -> String? {
        let isForeign = status.owner != 0 && status.owner != geteuid() && status.owner != unmappedUser
        if isForeign { return "belongs to user \(status.owner)" }
        let isOpen = !status.isLink && status.isWritableByOthers && !status.isSticky
        return isOpen ? "may be written to by users beside its owner" : nil
    }

    /// As whom users appear that this user namespace does not know, the node's root among them; `nil` where all are
    /// known.
    private static let unmappedUser: uid_t? = {
        do throws(FileError) {
            let map = try InputFile(path: "/proc/self/uid_map").contents(limit: 4096)
            let numbers = String(decoding: map, as: UTF8.self).split { $0 == " " || $0 == "\n" }
            return numbers == ["0", "0", "\(uid_t.max)"] ? nil : 65_534
        } catch {
            // A kernel without user namespaces.
            return nil
        }
    }()

    private static func absolute(_ path: String) throws(FileError) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let directory = getcwd(nil, 0) else { throw .last(path) }
        defer { free(directory) }
        return "\(String(cString: directory))/\(path)"
    }

    private static func resolved(_ path: String) throws(FileError) -> String {
        guard let resolved = realpath(path, nil) else { throw .last(path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The root, every directory and link on the way, and the last of them if it is a link.
    private static func stations(of path: String) throws(FileError) -> [String] {
        let names = path.split(separator: "/")
        let places = (0...names.count).map { "/" + names[..<$0].joined(separator: "/") }
        let last = places[names.count]
        return try FileStatus(path: last, followsLink: false).isLink ? places : Array(places.dropLast())
    }
}
