package import Documents

/// What a running agent says of itself.
package struct AgentStatus: Hashable, Sendable {
    /// A part of the agent, with the reason when it is not well.
    package struct Check: Hashable, Sendable {
        package let name: String
        /// `ok`, `degraded`, `failed`, or what a newer agent says.
        package let state: String
        package let reason: String
    }

    /// A source of what is wanted.
    package struct Source: Hashable, Sendable {
        let name: String
        let isComplete: Bool
        let problem: String?
        let lists: UInt64
        let watches: UInt64
        let events: UInt64
        let failures: UInt64
        let lastHeard: String?
        let unreadable: [String]
    }

    /// The checks of real servers.
    package struct RealServerChecks: Hashable, Sendable {
        package let up: UInt64
        package let down: UInt64
        package let unknown: UInt64
        let lostQuorums: [String]
        /// At most the first thousand, those that are down first.
        package let rows: [RealServerCheck]

        var count: UInt64 { up + down + unknown }
    }

    /// One check of a real server.
    package struct RealServerCheck: Hashable, Sendable {
        package let realServer: String
        let check: String
        let state: String
        let since: String?
        let reason: String
        /// How long the last attempt took; `nil` before the first.
        let seconds: Double?
        let nextSeconds: Double?
    }

    /// What somebody said of a real server by hand.
    package struct Override: Hashable, Sendable {
        let kind: String
        let weight: UInt64?
        let realServer: String
        /// `nil` for all.
        let virtualServer: String?
        /// How many it is about now.
        let virtualServers: UInt64
        let since: String?
        /// `nil` for no end.
        let remainingSeconds: Double?
        let user: UInt64
        let process: UInt64
    }

    /// A real server whose weight is not the declared one.
    package struct Weight: Hashable, Sendable {
        package let virtualServer: String
        package let realServer: String
        let declared: UInt64
        let effective: UInt64
        let reason: String
    }

    /// Virtual servers that wait for an address.
    package struct Waiting: Hashable, Sendable {
        let address: String
        let virtualServers: UInt64
    }

    /// The last syncs.
    struct Sync: Hashable, Sendable {
        let scope: String?
        let last: String?
        let lastSuccess: String?
        let seconds: Double
        let verificationSeconds: Double
    }

    /// How much there is in the kernel.
    package struct Counts: Hashable, Sendable {
        package let virtualServers: UInt64
        package let realServers: UInt64
        package let foreignVirtualServers: UInt64
        package let drainingRealServers: UInt64
    }

    /// A real server that keeps connections and takes no new ones.
    struct Drain: Hashable, Sendable {
        let virtualServer: String
        let realServer: String
        let connections: UInt64
        let seconds: UInt64
        let remainingSeconds: UInt64
    }

    /// Removals that look like a mistake.
    struct Held: Hashable, Sendable {
        let virtualServers: UInt64
        let ownedVirtualServers: UInt64
        let realServers: UInt64
        let ownedRealServers: UInt64
    }

    /// A change that the agent made, or found to be needed.
    package struct Change: Hashable, Sendable {
        package let number: UInt64
        let time: String
        let message: String
        let virtualServer: String
        let name: String?
        let realServer: String
        let detail: String
        /// As the agent said it.
        let document: Document
    }

    package let version: String
    package let node: String
    let process: UInt64?
    let started: String?
    /// `ok`, `degraded`, `failed`; `unknown` when it does not say.
    package let state: String
    let isReady: Bool
    package let checks: [Check]
    let sources: [Source]
    let sync: Sync
    package let counts: Counts
    package let realServerChecks: RealServerChecks
    let inactive: [Waiting]
    package let overrides: [Override]
    /// At most the first thousand.
    package let weights: [Weight]
    let drains: [Drain]
    let refused: [String]
    let held: Held?
    let complaints: [String]
    let driftPolicy: String?
    let driftTotal: UInt64
    let drift: [Change]
    /// Of all changes that it made.
    package let changeTotal: UInt64
    /// The latest of them, oldest first.
    package let changes: [Change]
    /// As the agent said it.
    package let document: Document

    /// Whether it says that it does not do its work.
    package var hasFailed: Bool { state == "failed" }

    /// Which run of an agent this is.
    package var run: String { "\(process ?? 0) \(started ?? "")" }
}
