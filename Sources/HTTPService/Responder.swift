internal import CMicroHTTPD
internal import Glibc

/// Between libmicrohttpd's view of a request and the handler's.
final class Responder: Sendable {
    private let handler: HTTPServer.Handler

    init(_ handler: @escaping HTTPServer.Handler) {
        self.handler = handler
    }

    /// Called when the headers of a request are there, and again when all of it is.
    static let answer: MHD_AccessHandlerCallback = { context, connection, path, name, _, _, uploadSize, state in
        guard let context, let connection, let path, let name, let uploadSize, let state else { return .NO }
        let responder = Unmanaged<Responder>.fromOpaque(context).takeUnretainedValue()
        let method = HTTPRequest.Method(rawValue: String(cString: name))
        guard state.pointee != nil else {
            state.pointee = context
            // Answered now, the connection ends: whatever is to come is not read. Else it lives on for more requests.
            guard method != nil else { return queue(.methodNotAllowed, connection) }
            return announcesBody(connection) ? queue(.bodyRefused, connection) : .YES
        }
        guard let method, uploadSize.pointee == 0 else { return .NO }
        guard let request = request(method, path, connection) else { return queue(.malformed, connection) }
        return queue(responder.handler(request), connection)
    }

    private static func announcesBody(_ connection: OpaquePointer) -> Bool {
        func header(_ name: String) -> String? {
            MHD_lookup_connection_value(connection, .HEADER_KIND, name).map { String(cString: $0) }
        }
        return header("Transfer-Encoding") != nil || header("Content-Length").map { $0 != "0" } ?? false
    }

    /// The request; `nil` if its path or its query cannot be decoded.
    private static func request(
        _ method: HTTPRequest.Method, _ path: UnsafePointer<CChar>, _ connection: OpaquePointer
    ) -> HTTPRequest? {
        guard let path = String(percentDecoding: UnsafeRawBufferPointer(start: path, count: strlen(path))),
            let query = query(connection)
        else { return nil }
        return HTTPRequest(
            method: method, path: path, query: query,
            localPort: SocketAddress(of: cmicrohttpd_socket(connection))?.port)
    }

    private static func query(_ connection: OpaquePointer) -> [String: String]? {
        var query: [String: String]? = [:]
        withUnsafeMutablePointer(to: &query) { query in
            _ = MHD_get_connection_values_n(
                connection, .GET_ARGUMENT_KIND,
                { context, _, name, nameSize, value, valueSize in
                    guard let query = context?.assumingMemoryBound(to: [String: String]?.self) else { return .NO }
                    guard let name = String(percentDecoding: UnsafeRawBufferPointer(start: name, count: nameSize)),
                        let value = String(percentDecoding: UnsafeRawBufferPointer(start: value, count: valueSize))
                    else {
                        query.pointee = nil
                        return .NO
                    }
                    query.pointee?[name] = value
                    return .YES
                }, query)
        }
        return query
    }

    private static func queue(_ answer: HTTPResponse, _ connection: OpaquePointer) -> MHD_Result {
        // The body is copied; a pointer to read from is asked for, which is never written through.
        let response = answer.body.withUnsafeBytes { bytes in
            MHD_create_response_from_buffer(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
        }
        guard let response else { return .NO }
        defer { MHD_destroy_response(response) }
        for (name, value) in answer.headers where MHD_add_response_header(response, name, value) != .YES { return .NO }
        return MHD_queue_response(connection, UInt32(clamping: answer.status), response)
    }
}

extension HTTPResponse {
    fileprivate static var methodNotAllowed: HTTPResponse {
        var response = text("only GET and HEAD are served\n", status: 405)
        response.headers.append(("Allow", "GET, HEAD"))
        return response
    }

    fileprivate static var bodyRefused: HTTPResponse { text("requests must not have a body\n", status: 413) }

    fileprivate static var malformed: HTTPResponse { text("the target is not encoded properly\n", status: 400) }
}
