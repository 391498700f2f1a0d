/// A request to the API server.
package struct APIRequest: Hashable, Sendable {
    package enum Method: String, Hashable, Sendable {
        case get = "GET"
        case post = "POST"
        /// A merge patch (RFC 7386).
        case patch = "PATCH"

        /// The media type of the body.
        var mediaType: String { self == .patch ? "application/merge-patch+json" : "application/json" }
    }

    package let method: Method
    /// With its query.
    package let path: String
    /// JSON; empty for ``Method/get``.
    package let body: String
    /// Seconds for the whole answer.
    package let timeout: Int

    init(_ resource: APIResource, _ parameters: [(String, String?)], timeout: Int) {
        let all =
            [("labelSelector", resource.labelSelector), ("fieldSelector", resource.fieldSelector)] + parameters
        let query = all.compactMap { name, value in value.map { "\(name)=\(Self.escaped($0))" } }
        method = .get
        body = ""
        path = "\(resource.path)?\(query.joined(separator: "&"))"
        self.timeout = timeout
    }

    /// A request that changes something.
    init(_ method: Method, _ path: String, _ body: String, timeout: Int = 10) {
        self.method = method
        self.path = path
        self.body = body
        self.timeout = timeout
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}

/// How a request was answered, for figures.
package struct APIAnswer: Hashable, Sendable {
    /// The server as it is asked: `192.0.2.10:6443`.
    package let host: String
    package let method: String
    /// 0 when no answer came.
    package let status: Int
    /// From the request to the head of the answer, or to the end without one.
    package let delay: Duration

    package init(host: String, method: String, status: Int, delay: Duration) {
        self.host = host
        self.method = method
        self.status = status
        self.delay = delay
    }
}

/// How an answer ended.
package enum APIOutcome: Hashable, Sendable {
    /// It came to its end.
    case complete
    /// The connection could not be made, or was lost.
    case broken(String)
    /// It could not be read on: the fault is on this side.
    case failed(String)
}

/// The head of an answer.
package struct APIResponse: Hashable, Sendable {
    package let status: Int
    /// Seconds that the server asks to wait; 0 if it does not.
    package let retryAfter: Int
    /// As the server names it: `application/json`; `nil` if it does not.
    package let mediaType: String?

    package init(status: Int, retryAfter: Int = 0, mediaType: String? = nil) {
        self.status = status
        self.retryAfter = retryAfter
        self.mediaType = mediaType
    }
}
