internal import CSystem

/// The C library's allocator, told what kind of process this is.
enum Allocator {
    /// Keeps freed memory for the next phase instead of handing it back to the kernel and asking again, page by page.
    ///
    /// Parsing, reading and planning each free as much as the next one takes; the faults in between were a fifth of
    /// a run's time.
    static func keepFreedMemory() {
        _ = mallopt(M_TRIM_THRESHOLD, 256 << 20)
        _ = mallopt(M_MMAP_THRESHOLD, 256 << 20)
        _ = mallopt(M_TOP_PAD, 1 << 20)
    }
}
