/// How many scenarios went how.
struct Tally: CustomStringConvertible {
    var passed = 0
    var failed = 0
    var skipped = 0

    var description: String {
        "\(passed) passed, \(failed) failed" + (skipped > 0 ? ", \(skipped) skipped" : "")
    }
}
