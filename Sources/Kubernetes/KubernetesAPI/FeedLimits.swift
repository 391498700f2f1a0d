/// How much a server may answer, and how long it may take, before it is taken for one that lies or hangs.
///
/// The numbers are several times what 50,000 Services with 500,000 endpoints need.
package struct FeedLimits: Hashable, Sendable {
    /// Pages of a list.
    package var pages = 2_000
    /// Objects of a collection.
    package var objects = 250_000
    /// Ports, endpoints and addresses of all objects of a list, and the objects themselves.
    package var elements = 2_000_000
    /// Bytes of a page; a first one that may be the whole list has that bound instead.
    package var pageSize = 256 << 20
    /// Bytes of all pages of a list.
    package var listSize = 1 << 30
    /// Objects of a list that cannot be read, and whose names are kept for that reason.
    package var unreadable = 10_000
    /// How long all pages of a list may take. The API server keeps the version that they are of for five minutes.
    package var listTime = Duration.seconds(600)
    /// How long a server may be silent, or slow, until that is told.
    package var silence = Duration.seconds(8)
    /// How long a watch may give nothing at all. A server sends a bookmark about every minute, at the latest after 75 s.
    package var watchSilence = Duration.seconds(85)

    package init() {}

    /// Objects that are asked for with each page.
    static let pageObjects = 500
    /// Seconds for a page; the API server gives up a list after that time itself.
    static let pageTime = 60
    /// Bytes a second that a list has to come with to count as under way.
    static let slowRate = 1_024
    /// The longest line of a watch, in bytes; etcd takes 1.5 MiB an object.
    static let line = 16 << 20
    /// Bytes that are read of an answer that tells an error.
    static let status = 64 << 10
    /// The longest token that names the next page, in bytes.
    static let continueToken = 4 << 10
    /// The longest version, in bytes.
    static let version = 256
    /// Bytes that are kept of what a server says.
    static let message = 1_024
}

extension String {
    /// The beginning of the text, whole characters, in at most that many bytes; `…` stands for the rest.
    func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, UTF8.isContinuation(utf8[end]) { utf8.formIndex(before: &end) }
        return "\(self[..<end])…"
    }
}
