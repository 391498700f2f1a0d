internal import ArgumentParser
internal import Documents
internal import Presentation

/// How a command prints what it found.
struct OutputOptions: ParsableArguments {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, json, yaml
    }

    @Option(name: [.customShort("o"), .customLong("output")], help: "The form of the output: text, json or yaml.")
    var format: Format = .text

    /// Prints a view in the chosen form.
    func print(_ view: some Presentable) {
        switch format {
        case .text: StandardStreams.write(view.lines)
        case .json: StandardStreams.write(view.document.json())
        case .yaml: StandardStreams.write(view.document.yaml())
        }
    }
}
