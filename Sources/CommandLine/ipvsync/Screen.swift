internal import Glibc
internal import Presentation

/// The terminal as a screen to draw on; what it was before is put back with the end of this value.
struct Screen: ~Copyable {
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    private static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"
    private static let standardSize = WatchFrame.Size(width: 80, height: 24)

    /// The settings of the terminal that keys come from; `nil` when there is none.
    private let settings: termios?

    /// The alternate screen without a cursor; keys are neither echoed nor held back until the end of their line.
    init() {
        var settings = termios()
        if isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 {
            self.settings = settings
            // Without ISIG, Ctrl-C is a key like others, and Ctrl-Z does not leave the screen as it is.
            settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
            tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        } else {
            self.settings = nil
        }
        StandardStreams.control(Self.enter)
    }

    deinit {
        StandardStreams.control(Self.leave)
        if var settings { tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) }
    }

    /// Where keys can be waited for.
    var keys: Int32? { settings == nil ? nil : STDIN_FILENO }

    /// The present size.
    var size: WatchFrame.Size {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return Self.standardSize
        }
        return WatchFrame.Size(width: Int(size.ws_col), height: Int(size.ws_row))
    }

    /// Shows these lines in the place of those before.
    func draw(_ lines: [Line]) {
        let rows = lines.map { Terminal.standardOutput.show($0) + "\u{1B}[K" }
        StandardStreams.control("\u{1B}[H" + rows.joined(separator: "\r\n") + "\u{1B}[J")
    }
}
