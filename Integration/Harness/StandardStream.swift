import Glibc

/// This program's own output, written at once and whole.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    func writeLine(_ text: String) {
        var bytes = Array(text.utf8)[...]
        bytes.append(UInt8(ascii: "\n"))
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { write(rawValue, $0.baseAddress, $0.count) }
            if written > 0 {
                bytes.removeFirst(written)
            } else if errno != EINTR {
                return
            }
        }
    }
}
