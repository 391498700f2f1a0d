internal import Presentation

/// What is the same for every way to watch.
struct WatchSettings {
    /// Seconds.
    let interval: Int
    let order: RateTable.Order
    /// Looks after which it ends; `nil` for no end.
    let count: Int?
}
