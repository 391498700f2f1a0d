/// Tells one Pod of a namespace from the others, in the place of its name: an endpoint has no other use for that, and
/// the names of 100,000 Pods take as much memory as everything else about them.
package struct PodMark: Hashable, Sendable {
    private let hash: UInt64

    /// - Returns: `nil` for an empty name.
    package init?(_ name: String) {
        guard !name.isEmpty else { return nil }
        // FNV-1a, whose values are the same in every run.
        hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
