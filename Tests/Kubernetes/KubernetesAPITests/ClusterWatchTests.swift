import Foundation
import KubernetesAPI
import KubernetesObjects
import TemporaryFiles
import Testing

/// The watch against a server over TLS, which fails in every way that it is told to.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ClusterWatchTests {
    /// What a watch has told, as a consumer keeps it.
    final class Follower {
        let watch: ClusterWatch
        private(set) var services: [String: String] = [:]
        private(set) var emptied = false

        init(_ access: ClusterAccess, now: @escaping () -> ContinuousClock.Instant = { .now }) {
            watch = ClusterWatch(access, resources: APIResource.all(node: "n1"), now: now)
        }

        /// Follows until the condition holds; `false` if it does not within ten minutes, on however busy a machine.
        func follow(until condition: (Follower) -> Bool) -> Bool {
            let deadline = ContinuousClock.now + .seconds(600)
            while !condition(self) {
                guard ContinuousClock.now < deadline else { return false }
                for event in watch.poll(timeout: .milliseconds(100)) { take(event) }
            }
            return true
        }

        func problem(_ name: String) -> FeedProblem? { status(name)?.problem }

        func status(_ name: String) -> FeedStatus? { watch.statuses.first { $0.name == name }?.status }

        private func take(_ event: FeedEvent) {
            switch event {
            case .replaced("Service", let objects, _):
                let had = !services.isEmpty
                services = [:]
                objects.forEach(set)
                if had, services.isEmpty { emptied = true }
            case .changed(let object): set(object)
            case .removed(let identity) where identity.kind == "Service": services[identity.name.name] = nil
            default: break
            }
        }

        private func set(_ object: KubernetesObject) {
            guard case .service(let service) = object else { return }
            services[service.metadata.name] = service.clusterIPs.first
        }
    }

    private func started(_ count: Int = 2) throws -> (StandIn, Follower) {
        let server = try StandIn()
        for number in 1...count { try server.setService("s\(number)", ip: "10.96.0.\(number % 250 + 1)") }
        let follower = Follower(try server.access)
        #expect(follower.follow { $0.watch.isComplete && $0.services.count == count })
        return (server, follower)
    }

    @Test func listsInPagesAndFollowsChanges() throws {
        let (server, follower) = try started(1_203)
        #expect(try server.tell(["requests": true]).components(separatedBy: "continue=").count - 1 == 2)
        try server.setService("new", ip: "10.96.9.9")
        #expect(follower.follow { $0.services["new"] == "10.96.9.9" })
        try server.setService("new", ip: "10.96.9.10")
        #expect(follower.follow { $0.services["new"] == "10.96.9.10" })
        try server.tell(["delete": "services", "name": "default/new"])
        #expect(follower.follow { $0.services["new"] == nil })
        #expect(follower.status("services")?.lists == 1)
    }

    @Test func takesTheFirstListOfTheCacheInOnePage() throws {
        let server = try StandIn()
        for number in 1...1_203 { try server.setService("s\(number)", ip: "10.96.1.1") }
        try server.tell(["cached": true])
        let follower = Follower(try server.access)
        #expect(follower.follow { $0.watch.isComplete })
        #expect(follower.services.count == 1_203)
        let lists = try server.tell(["requests": true]).components(separatedBy: ", ").filter {
            $0.contains("services?limit")
        }
        #expect(lists.count == 1 && lists.allSatisfy { $0.contains("resourceVersion=0") })
    }

    @Test func beginsAListAgainWhoseContinueTokenHasExpired() throws {
        let server = try StandIn()
        for number in 1...700 { try server.setService("s\(number)", ip: "10.96.1.1") }
        // It waits for the first request that continues a list.
        try server.tell(["fault": "expire"])
        let follower = Follower(try server.access)
        #expect(follower.follow { $0.watch.isComplete })
        #expect(follower.services.count == 700)
        let pages = try server.tell(["requests": true]).components(separatedBy: ", ").filter {
            $0.contains("services?")
        }
        #expect(pages.filter { $0.contains("continue=") }.count == 2 && pages.count >= 4)
    }

    @Test(arguments: ["cut", "error410", "410", "429", "500", "503"])
    func recoversFromAFaultInAWatch(fault: String) throws {
        let (server, follower) = try started()
        // The watch under way ends with a line that makes no sense; the ones that follow fail as told.
        try server.tell(["fault": fault, "count": 3])
        try server.tell(["send": "services", "line": "{\"type\":"])
        try server.setService("late", ip: "10.96.0.77")
        #expect(follower.follow { $0.services["late"] == "10.96.0.77" && $0.problem("services") == nil })
        #expect(follower.services.count == 3)
        #expect(!follower.emptied)
    }

    /// A connection that stands, and on which nothing comes.
    @Test func beginsAWatchAgainThatHasFallenSilent() throws {
        let server = try StandIn()
        try server.setService("s1", ip: "10.96.0.2")
        var passed = Duration.zero
        let follower = Follower(try server.access) { .now + passed }
        #expect(follower.follow { $0.watch.isComplete })
        try server.tell(["down": true])
        #expect(follower.follow { $0.watch.statuses.allSatisfy { $0.status.problem != nil } })
        try server.tell(["fault": "mute", "count": 3])
        try server.tell(["down": false])
        #expect(follower.follow { $0.watch.statuses.allSatisfy { $0.status.problem == nil } })
        try server.setService("late", ip: "10.96.0.77")
        let watches = follower.status("services")?.watches ?? 0
        passed = .seconds(86)
        #expect(follower.follow { $0.services["late"] == "10.96.0.77" })
        #expect(follower.status("services")?.lists == 1)
        #expect((follower.status("services")?.watches ?? 0) > watches)
    }

    @Test func listsAgainWhenItsVersionIsForgotten() throws {
        let (server, follower) = try started()
        try server.tell(["down": true])
        try server.setService("unseen", ip: "10.96.0.9")
        try server.tell(["delete": "services", "name": "default/s1"])
        try server.tell(["forget": true])
        try server.tell(["down": false])
        #expect(follower.follow { $0.services["unseen"] != nil && $0.services["s1"] == nil })
        #expect(follower.status("services")?.lists == 2)
        #expect(!follower.emptied)
    }

    @Test func keepsEverythingWhileTheServerIsGone() throws {
        let (server, follower) = try started()
        try server.tell(["down": true])
        #expect(follower.follow { $0.problem("services") != nil })
        #expect(follower.services.count == 2)
        #expect(follower.watch.isComplete)
        try server.setService("after", ip: "10.96.0.8")
        try server.tell(["down": false])
        #expect(follower.follow { $0.services["after"] != nil && $0.problem("services") == nil })
        // It went on where it was, without a second list.
        #expect(follower.status("services")?.lists == 1)
    }

    @Test func readsARotatedToken() throws {
        let server = try StandIn()
        try server.setService("s1", ip: "10.96.0.1")
        var access = try server.access
        access.credential = .tokenFile(try server.folder.write("\(StandIn.token)\n", to: "token"))
        let follower = Follower(access)
        #expect(follower.follow { $0.watch.isComplete })
        try server.tell(["token": "second-token"])
        try server.tell(["down": true])
        try server.tell(["down": false])
        #expect(follower.follow { $0.problem("services")?.isRefusal == true })
        #expect(follower.services.count == 1)
        try server.folder.write("second-token\n", to: "token")
        #expect(follower.follow { $0.problem("services") == nil })
    }

    @Test func goesOnFromABookmark() throws {
        let (server, follower) = try started()
        try server.tell(["bookmark": "services"])
        #expect(follower.follow { $0.status("services")?.events == 1 })
        try server.tell(["requests": true])
        try server.tell(["down": true])
        try server.tell(["down": false])
        #expect(follower.follow { ($0.status("services")?.watches ?? 0) >= 2 && $0.problem("services") == nil })
        try server.setService("s9", ip: "10.96.0.99")
        #expect(follower.follow { $0.services["s9"] != nil })
        // Two Services and a bookmark: the version that the next watch begins from.
        #expect(
            try server.tell(["requests": true]).contains("services?watch=1&allowWatchBookmarks=true&resourceVersion=4"))
    }

    @Test func catchesUpAfterNotReadingForAWhile() throws {
        let (server, follower) = try started()
        // More than the buffers of a connection hold: the server has to wait for us.
        let padding = String(repeating: "x", count: 64 << 10)
        for number in 1...400 {
            try server.tell([
                "set": "services",
                "object": [
                    "metadata": ["name": "s1", "namespace": "default", "annotations": ["padding": padding]],
                    "spec": ["clusterIP": "10.97.\(number / 200).\(number % 200 + 1)", "ports": [["port": 80]]],
                ],
            ])
        }
        #expect(follower.follow { $0.services["s1"] == "10.97.2.1" })
        #expect(follower.status("services")?.events == 400 && follower.status("services")?.lists == 1)
    }

    @Test func passesOverAnEventOfAnUnknownType() throws {
        let (server, follower) = try started()
        try server.tell(["send": "services", "line": #"{"type":"PONDERED","object":{"kind":"Service"}}"#])
        try server.setService("s3", ip: "10.96.0.3")
        #expect(follower.follow { $0.services["s3"] != nil })
        #expect(follower.status("services")?.lists == 1)
    }

    @Test func keepsAnObjectWhoseNewVersionCannotBeRead() throws {
        let (server, follower) = try started()
        let bad =
            #"{"type":"MODIFIED","object":{"kind":"Service","metadata":{"name":"s1","namespace":"default"},"#
            + #""spec":{"clusterIP":"10.96.0.2","ports":[{"port":700000}]}}}"#
        try server.tell(["send": "services", "line": bad])
        #expect(follower.follow { $0.status("services")?.unreadable.isEmpty == false })
        #expect(follower.services.count == 2)
        try server.setService("s1", ip: "10.96.0.50")
        #expect(follower.follow { $0.services["s1"] == "10.96.0.50" })
        #expect(follower.status("services")?.unreadable.isEmpty == true)
    }

    @Test func refusesAServerOfAnotherAuthority() throws {
        let (server, other) = (try StandIn(), try StandIn())
        var access = try server.access
        access.trust = try other.access.trust
        let problem = #expect(throws: FeedProblem.self) {
            _ = try ClusterWatch.snapshot(access, APIResource.all(node: "n1"))
        }
        #expect(problem?.isRefusal == true)
        #expect(problem?.message.contains("certificate") == true)
        access.trust = .anything
        #expect(try ClusterWatch.snapshot(access, APIResource.all(node: "n1")).objects.isEmpty)
    }

    @Test func saysWhatTheServerRefuses() throws {
        let server = try StandIn()
        var access = try server.access
        access.credential = .token(Secret("wrong"))
        let problem = #expect(throws: FeedProblem.self) {
            _ = try ClusterWatch.snapshot(access, APIResource.all(node: "n1"))
        }
        #expect(problem?.message == "HTTP 401: Unauthorized")
    }
}
