package import Documents
package import HealthChecks
import LoadBalancing

extension HealthRules {
    /// What a virtual server says of health, its backup server apart; defaults are left out.
    var members: [Document.Member] {
        var members: [Document.Member] = []
        members.append(checks.isEmpty ? nil : checks, as: Fields.checks) { .sequence($0.map(\.document)) }
        members.append(onFailure == .drain ? nil : onFailure, as: Fields.onFailure) { .string($0.rawValue) }
        members.append(quorum, as: Fields.quorum) { .integer(Int64($0)) }
        members.append(hysteresis == 0 ? nil : hysteresis, as: Fields.hysteresis) { .integer(Int64($0)) }
        members.append(startsDown ? true : nil, as: Fields.startsDown, Document.bool)
        members.append(drainsAtEnd ? true : nil, as: Fields.drainsAtEnd, Document.bool)
        members.append(panicThreshold == 0 ? nil : panicThreshold, as: Fields.panicThreshold) { .string("\($0)%") }
        members.append(slowStart, as: Fields.slowStart) { .string(DurationText.text(UInt64($0.components.seconds))) }
        return members
    }
}

extension ServerCheck {
    /// The check as a mapping; what is by default is left out.
    package var document: Document {
        var members: [Document.Member] = []
        members.append(probe.name, as: Fields.checkType, Document.string)
        members += probe.members
        let standard = ServerCheck(probe)
        members.append(interval == standard.interval ? nil : interval, as: Fields.interval, Self.document)
        members.append(
            timeout == min(standard.timeout, interval) ? nil : timeout, as: Fields.checkTimeout, Self.document)
        members.append(retryDelay, as: Fields.retryDelay, Self.document)
        members.append(rise == standard.rise ? nil : rise, as: Fields.rise) { .integer(Int64($0)) }
        members.append(fall == standard.fall ? nil : fall, as: Fields.fall) { .integer(Int64($0)) }
        members.append(address, as: Fields.checkAddress) { .string($0.description) }
        members.append(port, as: Fields.checkPort) { .integer(Int64($0)) }
        members.append(source, as: Fields.source) { .string($0.description) }
        members.append(mark == 0 ? nil : mark, as: Fields.mark) { .integer(Int64($0)) }
        return .mapping(members)
    }

    private static func document(_ duration: Duration) -> Document {
        .string(DurationText.text(milliseconds: UInt64((duration / .milliseconds(1)).rounded())))
    }
}

extension ServerCheck.Probe {
    fileprivate var members: [Document.Member] {
        var members: [Document.Member] = []
        switch self {
        case .tcp(let exchange), .udp(let exchange): members = exchange?.members ?? []
        case .http(let http): members = http.members
        case .dns(let dns):
            members.append(dns.name, as: Fields.queryName, Document.string)
            members.append(dns.type == "A" ? nil : dns.type, as: Fields.recordType, Document.string)
            members.append(dns.answer, as: Fields.answer, Document.string)
        case .smtp(let helo): members.append(helo == "localhost" ? nil : helo, as: Fields.helo, Document.string)
        case .ping: break
        case .command(let command):
            members.append(command.arguments, as: Fields.command) { .sequence($0.map(Document.string)) }
            members.append(command.isDynamic ? true : nil, as: Fields.isDynamic, Document.bool)
            members.append(command.user, as: Fields.user, Document.string)
        case .file(let path): members.append(path, as: Fields.weightFile, Document.string)
        }
        return members
    }
}

extension ServerCheck.Exchange {
    fileprivate var members: [Document.Member] {
        member(send, Fields.send, Fields.sendHex) + member(expect, Fields.expect, Fields.expectHex)
    }

    /// As a text where it is one without controls that YAML would have to escape.
    private func member(
        _ bytes: [UInt8], _ text: Field<String>, _ hexadecimal: Field<[UInt8]>
    ) -> [Document.Member] {
        guard !bytes.isEmpty else { return [] }
        guard let string = String(validating: bytes, as: UTF8.self), bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else {
            let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            return [.init(hexadecimal.name, .string(digits))]
        }
        return [.init(text.name, .string(string))]
    }
}

extension ServerCheck.HTTPProbe {
    fileprivate var members: [Document.Member] {
        let standard = Self()
        var members: [Document.Member] = []
        members.append(method == standard.method ? nil : method, as: Fields.method, Document.string)
        members.append(path == standard.path ? nil : path, as: Fields.path, Document.string)
        members.append(host, as: Fields.host, Document.string)
        members.append(headers.isEmpty ? nil : headers, as: Fields.headers) { headers in
            .mapping(headers.map { Document.Member($0.name, .string($0.value)) })
        }
        members.append(statuses == standard.statuses ? nil : statuses, as: Fields.statuses) { ranges in
            .sequence(
                ranges.map {
                    $0.count == 1 ? .integer(Int64($0.lowerBound)) : .string("\($0.lowerBound)-\($0.upperBound)")
                })
        }
        members.append(body, as: Fields.body, \.document)
        members.append(serverName, as: Fields.serverName, Document.string)
        members.append(verifies ? true : nil, as: Fields.verify, Document.bool)
        members.append(certificate, as: Fields.certificate, Document.string)
        members.append(key, as: Fields.key, Document.string)
        return members
    }
}

extension ServerCheck.Body {
    fileprivate var document: Document {
        switch self {
        case .contains(let text): .mapping([.init(Fields.contains.name, .string(text))])
        case .matches(let text): .mapping([.init(Fields.matches.name, .string(text))])
        case .sha256(let digests): .mapping([.init(Fields.sha256.name, .sequence(digests.map(Document.string)))])
        case .md5(let digests): .mapping([.init(Fields.md5.name, .sequence(digests.map(Document.string)))])
        }
    }
}
