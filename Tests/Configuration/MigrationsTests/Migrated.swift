import Configuration
import Glibc
import HealthChecks
import LoadBalancing
import Testing

@testable import Migrations

/// What a configuration of keepalived or ldirectord became.
struct Migrated {
    let configuration: Configuration
    let notes: [MigrationNote]

    /// A file of Fixtures; the machine is lb2.
    init(fixture name: String, configID: String = "lb2") throws {
        let path = Self.fixtures + name
        try self.init(text: String(decoding: SourceFile(path: path).contents(), as: UTF8.self), path: path, configID)
    }

    /// A text: ldirectord's if the path says so.
    init(text: String, path: String = "test.conf", _ configID: String = "lb2") throws {
        let bytes = Array(text.utf8)
        if path.hasSuffix(".cf") {
            let migrated = try LdirectordConfiguration(bytes, file: path)
            (configuration, notes) = (migrated.configuration, migrated.notes)
        } else {
            let migrated = try KeepalivedConfiguration([.init(bytes, file: path, path: path)], configID: configID)
            (configuration, notes) = (migrated.configuration, migrated.notes)
        }
    }

    static let fixtures = #filePath.replacing("Migrated.swift", with: "Fixtures/")

    static let keepalived = [
        "nat", "vrrp", "http", "sorry", "dns6", "fwmark", "group", "misc", "conditional", "definitions", "include",
        "braces", "tunnels", "udp", "defaults", "sctp",
    ].map { $0 + ".conf" }

    static let ldirectord = ["web.cf", "kinds.cf"]

    func virtualServer(_ key: String) throws -> DesiredVirtualServer {
        let key = try #require(VirtualServerKey(key))
        return try #require(configuration.desired.virtualServers.first { $0.key == key }, "no virtual server \(key)")
    }

    func health(_ key: String) throws -> HealthRules {
        let known = try #require(VirtualServerKey(key))
        return try #require(configuration.health[known], "\(key) is not checked")
    }

    /// The lines and texts of the notes.
    var noteTexts: [String] { notes.map { "\($0.place.line): \($0.text)" } }

    func hasNote(line: Int, _ part: String) -> Bool {
        notes.contains { $0.place.line == line && $0.text.contains(part) }
    }
}

/// The lines and texts of what is wrong with a text.
func errors(of text: String, path: String = "test.conf") -> [String] {
    do {
        _ = try Migrated(text: text, path: path)
        return []
    } catch let errors as ConfigurationErrors {
        return errors.errors.map { "\($0.line ?? 0): \($0.problem); \($0.remedy ?? "")" }
    } catch {
        return ["\(error)"]
    }
}
