import Documents

/// Shares as percentages.
enum ShareText {
    /// The share in `12.5%`; `nil` for anything else.
    static func share(_ text: String) -> Double? {
        guard text.hasSuffix("%"), text.utf8.first != UInt8(ascii: "."),
            text.utf8.dropLast().allSatisfy({ "0123456789.".utf8.contains($0) }), !text.hasSuffix(".%")
        else { return nil }
        return Double(text.dropLast()).map { $0 / 100 }
    }

    /// A percentage where it is a whole one, else the number itself.
    static func document(_ share: Double) -> Document {
        let percentage = (share * 100).rounded()
        return percentage / 100 == share ? .string("\(Int(percentage))%") : .number(share)
    }
}
