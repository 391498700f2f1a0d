internal import HealthChecks
internal import LoadBalancing

/// What is said over a socket, apart from the socket.
protocol Conversation {
    /// Whether it is held over TCP; else each answer is a datagram.
    var isStream: Bool { get }
    /// The connection is there.
    mutating func open() -> Step
    /// Bytes or a datagram came.
    mutating func receive(_ bytes: ArraySlice<UInt8>) -> Step
    /// The other side has ended the connection.
    mutating func close() -> Finding
    /// Nothing more came within the time.
    func expire(after time: Duration) -> Finding
}

enum Step: Equatable {
    case wait
    case send([UInt8])
    /// It is over; what is to be said at parting goes out as far as the socket takes it.
    case over(Finding, farewell: [UInt8] = [])
}

extension Conversation {
    mutating func close() -> Finding { .down("the connection was closed without the answer that was expected") }

    func expire(after time: Duration) -> Finding { .down("no answer within \(time.shortText)") }
}

/// Everything here that reads what strangers send over a socket, for those who try to break it.
package enum AnswerReaders {
    /// Has each read the bytes as an answer, whole and in pieces.
    package static func read(_ bytes: [UInt8]) {
        let exchange = ServerCheck.Exchange(send: [1], expect: [0, 1, 0, 1])
        let question = ServerCheck.DNSProbe(name: "shop.example", type: "A", answer: "192.0.2.1")
        let conversations: [any Conversation] = [
            ExchangeConversation(exchange, isStream: true), SMTPConversation(helo: "node"), PingConversation(.ipv4),
            PingConversation(.ipv6), DNSConversation(question, identifier: 0x1234),
        ]
        for conversation in conversations {
            for size in [max(1, bytes.count), 7] {
                var conversation = conversation
                _ = conversation.open()
                for first in stride(from: 0, to: bytes.count, by: size) {
                    _ = conversation.receive(bytes[first..<min(first + size, bytes.count)])
                }
                _ = conversation.close()
            }
        }
        for type in DNSQuestion.types.keys {
            if let question = DNSQuestion(name: "shop.example", type: type) {
                _ = DNSAnswer(bytes, to: question, 0x1234)
            }
        }
    }
}
