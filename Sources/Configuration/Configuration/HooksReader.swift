import Documents
import HealthChecks
import LoadBalancing

extension Fields {
    static let hooks = Field(
        "hooks", .hooks, "Programs that an agent runs when something happens to real servers that are checked.")

    // Of hooks.
    static let hookUser = Field(
        "user", user.kind, "The user that they run as; the checker's by default, and root only if it is said here.")
    static let hookTimeout = Field(
        "timeout", .milliseconds(100...300_000), "A program that takes longer is killed; 10s by default.")

    /// The field of an event.
    static func hook(_ event: HookSettings.Event) -> Field<[String]> {
        let happening =
            switch event {
            case .realServerDown: "a real server is down"
            case .realServerUp: "a real server that was down is up again"
            case .quorumLost: "a virtual server has lost its quorum"
            case .quorumGained: "a virtual server has its quorum again"
            }
        return Field(
            event.rawValue, command.kind,
            "The absolute path of a program that is run when \(happening), and its arguments; no shell is between.")
    }
}

extension ObjectShape {
    static let hooks = ObjectShape(
        HookSettings.Event.allCases.map { Fields.hook($0) } + [Fields.hookUser, Fields.hookTimeout])
}

extension ValueKind where Value == HookSettings {
    static var hooks: Self {
        .object(.hooks) { reader in
            var settings = HookSettings(user: reader(Fields.hookUser))
            for event in HookSettings.Event.allCases { settings.commands[event] = reader.program(Fields.hook(event)) }
            if let timeout = reader(Fields.hookTimeout) { settings.timeout = .milliseconds(Int(timeout)) }
            if settings.commands.isEmpty, !HookSettings.Event.allCases.contains(where: { reader.has($0.rawValue) }) {
                reader.scope.report(
                    reader.node, "hooks has no program", "write `realServerDown: [/usr/local/bin/notify]`, for instance"
                )
            }
            return settings
        }
    }
}

extension HookSettings {
    /// As a file declares it.
    var document: Document {
        var members: [Document.Member] = []
        for event in Event.allCases {
            members.append(commands[event], as: Fields.hook(event)) { .sequence($0.map(Document.string)) }
        }
        members.append(user, as: Fields.hookUser, Document.string)
        let milliseconds = UInt64((timeout / .milliseconds(1)).rounded())
        members.append(timeout == Self.standardTimeout ? nil : milliseconds, as: Fields.hookTimeout) {
            .string(DurationText.text(milliseconds: $0))
        }
        return .mapping(members)
    }
}
