internal import Documents

/// One thing that is wrong with a configuration, and what would be right.
package struct ConfigurationError: Error, Hashable, Sendable {
    package let file: String
    /// From 1, both; `nil` where the whole file is meant.
    package let line: Int?
    package let column: Int?
    /// What it is about: `virtual server web`.
    package let object: String?
    package let problem: String
    package let remedy: String?

    package init(
        file: String, line: Int? = nil, column: Int? = nil, object: String? = nil, problem: String, remedy: String?
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.object = object
        self.problem = problem
        self.remedy = remedy
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// `web.yaml:3:5: virtual server web: what is wrong; what would be right`; one line, whatever it quotes.
    package var description: String {
        var text = file
        for number in [line, column] {
            if let number { text += ":\(number)" }
        }
        if let object { text += ": \(object)" }
        text += ": \(problem)"
        if let remedy { text += "; \(remedy)" }
        return text.shown
    }
}
