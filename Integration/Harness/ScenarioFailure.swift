/// Why a scenario failed, or why scenarios cannot run at all.
struct ScenarioFailure: Error, CustomStringConvertible {
    let message: String
    /// Where the scenario stood: `Integration/Plan.swift:31`.
    let place: String?

    init(_ message: String, at place: String? = nil) {
        self.message = message
        self.place = place
    }

    init(_ message: String, file: StaticString, line: Int) {
        self.init(message, at: "\(file):\(line)")
    }

    var description: String { place.map { "\($0): \(message)" } ?? message }
}
