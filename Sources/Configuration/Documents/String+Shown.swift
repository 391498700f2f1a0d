extension Unicode.Scalar {
    /// Whether it is safe on a terminal and in a log as it is.
    ///
    /// Not safe is what moves a cursor or changes colours (control characters, those of C1 too), what turns the reading
    /// direction round or shows nothing at all (format characters, the default-ignorable ones), what ends a line
    /// somewhere (U+2028, U+2029), and what has no meaning that everybody agrees on.
    package var isSafeToShow: Bool {
        if value < 0x7F { return value >= 0x20 }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
        default: return !properties.isDefaultIgnorableCodePoint
        }
    }
}

extension String {
    /// The text on one line, with everything that is not safe to show written out: `\n`, `\u{1B}`.
    ///
    /// Whatever comes from outside (names, annotations, messages of servers and of the kernel, names of files) reaches
    /// a terminal or a log only through here, or as JSON or YAML, which write the same characters out their own way.
    /// Shown twice, a text is as it was.
    package var shown: String {
        guard !utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case _ where scalar.isSafeToShow: text.unicodeScalars.append(scalar)
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default: text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            }
        }
        return text
    }

    /// The text as ``shown``, at most so many code points of it.
    package func shown(limit: Int) -> String { shortened(to: limit).shown }

    /// The text, or its beginning and how long it is, if that is longer.
    ///
    /// - Parameter limit: Code points: a letter with a thousand accents is no short text.
    package func shortened(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let scalars = unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return self }
        return String(scalars[..<end]) + "… (\(utf8.count) bytes)"
    }
}
