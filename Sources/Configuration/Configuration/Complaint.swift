/// A rule that a value breaks, before it is known where the value stands.
struct Complaint: Error, Hashable {
    /// The field that is to blame.
    let field: String
    let problem: String
    let remedy: String
}
