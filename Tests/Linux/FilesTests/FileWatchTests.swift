import Glibc
import TemporaryFiles
import Testing

@testable import Files

/// Changes are seen whether the kernel tells of them or not.
@Suite struct FileWatchTests {
    private func write(_ text: String, to path: String) {
        let file = fopen(path, "we")
        #expect(file != nil)
        fputs(text, file)
        fclose(file)
    }

    private static func withoutInstances() -> Int32 {
        errno = EMFILE
        return -1
    }

    /// A watch in a box that expectations can look into.
    private final class Follower {
        private var watch: FileWatch

        init(_ paths: [String], hasEvents: Bool) {
            watch =
                hasEvents
                ? FileWatch(paths, interval: .zero)
                : FileWatch(paths, interval: .zero, open: FileWatchTests.withoutInstances)
        }

        init(_ paths: [String], interval: Duration = .zero, open: @escaping () -> Int32) {
            watch = FileWatch(paths, interval: interval, open: open)
        }

        var hasDescriptor: Bool { watch.descriptor != nil }
        var isBlind: Bool { watch.isBlind }
        func hasChanged() -> Bool { watch.hasChanged() }
        func lookAgain(at time: ContinuousClock.Instant = .now) -> Bool { watch.lookAgain(at: time) }
        func takeNews() -> String? { watch.takeNews() }
        /// As an agent asks.
        func sees() -> Bool {
            if watch.hasChanged() { return true }
            return watch.lookAgain()
        }
    }

    @Test(arguments: [true, false]) func aChangedFileIsSeen(hasEvents: Bool) throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a.yaml")
        write("a", to: path)
        let watch = Follower([path], hasEvents: hasEvents)
        #expect(watch.hasDescriptor == hasEvents && watch.isBlind == !hasEvents)
        #expect(!watch.sees())
        // As an editor does: of the same size, in the place of the old one.
        write("b", to: folder.file("new"))
        #expect(rename(folder.file("new"), path) == 0)
        #expect(watch.sees())
        #expect(!watch.sees())
        unlink(path)
        _ = watch.sees()
        write("c", to: path)
        #expect(watch.sees())
    }

    @Test(arguments: [true, false]) func aDirectoryIsFollowed(hasEvents: Bool) throws {
        let folder = try TemporaryFolder()
        write("a", to: folder.file("a.yaml"))
        let watch = Follower([folder.path], hasEvents: hasEvents)
        #expect(!watch.sees())
        write("longer", to: folder.file("a.yaml"))
        #expect(watch.sees())
        write("new", to: folder.file("b.yaml"))
        #expect(watch.sees())
        unlink(folder.file("a.yaml"))
        #expect(watch.sees())
        #expect(!watch.sees())
    }

    @Test(arguments: [true, false]) func aMountedConfigMapIsFollowed(hasEvents: Bool) throws {
        let folder = try TemporaryFolder()
        var mount = try MountedConfigMap("config", in: folder, ["a.yaml": "a"])
        let (whole, file) = (
            Follower([mount.path], hasEvents: hasEvents), Follower(["\(mount.path)/a.yaml"], hasEvents: hasEvents)
        )
        #expect(!whole.sees() && !file.sees())
        for text in ["b", "c"] {
            try mount.update(["a.yaml": text])
            #expect(whole.sees() && file.sees())
            // What kubelet removes may be told in a second part.
            _ = (whole.sees(), file.sees())
            #expect(!whole.sees() && !file.sees())
        }
    }

    @Test(arguments: [true, false]) func linksInADirectoryAreFollowed(hasEvents: Bool) throws {
        let folder = try TemporaryFolder()
        for name in ["config", "one", "two"] { try folder.makeFolder(name) }
        for name in ["one", "two"] { write(name, to: folder.file("\(name)/a.yaml")) }
        #expect(symlink("../one/link.yaml", folder.file("config/a.yaml")) == 0)
        #expect(symlink("a.yaml", folder.file("one/link.yaml")) == 0)
        let watch = Follower([folder.file("config")], hasEvents: hasEvents)
        #expect(!watch.sees())
        write("longer", to: folder.file("one/a.yaml"))
        #expect(watch.sees() && !watch.sees())
        // The link in the middle leads somewhere else, and then what it leads to changes.
        #expect(symlink("../two/a.yaml", folder.file("one/new")) == 0)
        #expect(rename(folder.file("one/new"), folder.file("one/link.yaml")) == 0)
        #expect(watch.sees() && !watch.sees())
        write("longer", to: folder.file("two/a.yaml"))
        #expect(watch.sees() && !watch.sees())
        // One that comes later.
        #expect(symlink(folder.file("two/b.yaml"), folder.file("config/b.yaml")) == 0)
        #expect(watch.sees())
        _ = watch.sees()
        write("b", to: folder.file("two/b.yaml"))
        #expect(watch.sees())
    }

    @Test(arguments: [true, false]) func aDirectoryBehindALinkMayBeAnotherOne(hasEvents: Bool) throws {
        let folder = try TemporaryFolder()
        for name in ["1", "2"] { try folder.write(name, to: "\(name)/a.yaml") }
        #expect(symlink("1", folder.file("current")) == 0)
        let watch = Follower([folder.file("current")], hasEvents: hasEvents)
        #expect(!watch.sees())
        #expect(symlink("2", folder.file("new")) == 0)
        #expect(rename(folder.file("new"), folder.file("current")) == 0)
        #expect(watch.sees() && !watch.sees())
        write("longer", to: folder.file("2/a.yaml"))
        #expect(watch.sees())
    }

    @Test func aLinkToItselfLeadsNowhere() throws {
        let folder = try TemporaryFolder()
        #expect(symlink("a.yaml", folder.file("a.yaml")) == 0)
        #expect(!Follower([folder.path], hasEvents: true).sees())
    }

    @Test func whyThereIsNoWatchIsToldOnce() throws {
        let folder = try TemporaryFolder()
        let watch = Follower([folder.path], open: Self.withoutInstances)
        let news = try #require(watch.takeNews())
        #expect(news.contains("max_user_instances") && news.contains("Too many open files"))
        _ = watch.lookAgain()
        #expect(watch.takeNews() == nil)
    }

    /// A look costs something: not each turn of a busy loop has one.
    @Test func looksHaveAnInterval() throws {
        let folder = try TemporaryFolder()
        let watch = Follower([folder.path], interval: .seconds(2), open: Self.withoutInstances)
        let start = ContinuousClock.now
        #expect(!watch.lookAgain(at: start))
        write("a", to: folder.file("a.yaml"))
        #expect(!watch.lookAgain(at: start + .seconds(1)))
        #expect(watch.lookAgain(at: start + .seconds(2)))
    }

    /// When a watch can be had again, events take over, and what changed meanwhile is not missed.
    @Test func eventsTakeOverAgain() throws {
        let folder = try TemporaryFolder()
        var attempts = 0
        let watch = Follower([folder.path]) {
            attempts += 1
            return attempts < 3 ? Self.withoutInstances() : inotify_init1(Int32(IN_NONBLOCK))
        }
        #expect(!watch.lookAgain() && watch.isBlind)
        write("a", to: folder.file("a.yaml"))
        #expect(watch.lookAgain() && !watch.isBlind)
        write("b", to: folder.file("b.yaml"))
        #expect(watch.hasChanged() && !watch.hasChanged())
    }

    @Test func whatIsMissingIsFoundWhenItComes() throws {
        let folder = try TemporaryFolder()
        let watch = Follower([folder.file("later/a.yaml")], hasEvents: true)
        #expect(watch.isBlind && !watch.lookAgain())
        try folder.makeFolder("later")
        write("a", to: folder.file("later/a.yaml"))
        #expect(watch.lookAgain() && !watch.isBlind)
    }
}
