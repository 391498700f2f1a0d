package import Documents

extension AgentStatus {
    /// Reads what an agent answers. What an older one does not say is empty, what a newer one says besides is passed over.
    package init(_ document: Document) {
        let health = document["health"]
        let table = document["table"]
        let drift = document["drift"]
        let changes = document["changes"]
        self.init(
            version: document.text("version") ?? "", node: document.text("node") ?? "",
            process: document["pid"]?.count, started: document.text("started"),
            state: health?.text("status") ?? "unknown", isReady: health?["ready"]?.flag ?? true,
            checks: health?["checks"]?.elements.map(Check.init) ?? [],
            sources: document["sources"]?.elements.map(Source.init) ?? [], sync: Sync(document["sync"] ?? .null),
            counts: Counts(table ?? .null), realServerChecks: RealServerChecks(document["checks"] ?? .null),
            inactive: document["inactive"]?.elements.map(Waiting.init) ?? [],
            overrides: document["overrides"]?.elements.map(Override.init) ?? [],
            weights: document["weights"]?.elements.map(Weight.init) ?? [],
            drains: document["drains"]?.elements.map(Drain.init) ?? [],
            refused: document.texts("refused"), held: document["held"].flatMap(Held.init),
            complaints: document.texts("complaints"), driftPolicy: drift?.text("policy"),
            driftTotal: drift?.number("total") ?? 0, drift: drift?["latest"]?.elements.map(Change.init) ?? [],
            changeTotal: changes?.number("total") ?? 0, changes: changes?["latest"]?.elements.map(Change.init) ?? [],
            document: document)
    }
}

extension AgentStatus.Check {
    fileprivate init(_ document: Document) {
        self.init(
            name: document.text("name") ?? "", state: document.text("status") ?? "unknown",
            reason: document.text("reason") ?? "")
    }
}

extension AgentStatus.Source {
    fileprivate init(_ document: Document) {
        self.init(
            name: document.text("name") ?? "", isComplete: document["complete"]?.flag ?? false,
            problem: document.text("problem"), lists: document.number("lists"), watches: document.number("watches"),
            events: document.number("events"), failures: document.number("failures"),
            lastHeard: document.text("lastHeard"), unreadable: document.texts("unreadable"))
    }
}

extension AgentStatus.Sync {
    fileprivate init(_ document: Document) {
        self.init(
            scope: document.text("scope"), last: document.text("last"), lastSuccess: document.text("lastSuccess"),
            seconds: document["seconds"]?.double ?? 0,
            verificationSeconds: document["verificationSeconds"]?.double ?? 0)
    }
}

extension AgentStatus.Counts {
    fileprivate init(_ document: Document) {
        self.init(
            virtualServers: document.number("virtualServers"), realServers: document.number("realServers"),
            foreignVirtualServers: document.number("foreignVirtualServers"),
            drainingRealServers: document.number("drainingRealServers"))
    }
}

extension AgentStatus.RealServerChecks {
    fileprivate init(_ document: Document) {
        self.init(
            up: document.number("up"), down: document.number("down"), unknown: document.number("unknown"),
            lostQuorums: document.texts("lostQuorums"),
            rows: document["list"]?.elements.map(AgentStatus.RealServerCheck.init) ?? [])
    }
}

extension AgentStatus.RealServerCheck {
    fileprivate init(_ document: Document) {
        self.init(
            realServer: document.text("realServer") ?? "", check: document.text("check") ?? "",
            state: document.text("state") ?? "unknown", since: document.text("since"),
            reason: document.text("reason") ?? "", seconds: document["lastSeconds"]?.double,
            nextSeconds: document["nextSeconds"]?.double)
    }
}

extension AgentStatus.Override {
    init(_ document: Document) {
        self.init(
            kind: document.text("kind") ?? "", weight: document["weight"]?.count,
            realServer: document.text("realServer") ?? "", virtualServer: document.text("virtualServer"),
            virtualServers: document.number("virtualServers"), since: document.text("since"),
            remainingSeconds: document["remainingSeconds"]?.double, user: document.number("user"),
            process: document.number("process"))
    }
}

extension AgentStatus.Waiting {
    fileprivate init(_ document: Document) {
        self.init(address: document.text("address") ?? "", virtualServers: document.number("virtualServers"))
    }
}

extension AgentStatus.Weight {
    fileprivate init(_ document: Document) {
        self.init(
            virtualServer: document.text("virtualServer") ?? "", realServer: document.text("realServer") ?? "",
            declared: document.number("declared"), effective: document.number("effective"),
            reason: document.text("reason") ?? "")
    }
}

extension AgentStatus.Drain {
    fileprivate init(_ document: Document) {
        self.init(
            virtualServer: document.text("virtualServer") ?? "", realServer: document.text("realServer") ?? "",
            connections: document.number("connections"), seconds: document.number("seconds"),
            remainingSeconds: document.number("remainingSeconds"))
    }
}

extension AgentStatus.Held {
    fileprivate init?(_ document: Document) {
        guard document != .null else { return nil }
        self.init(
            virtualServers: document.number("virtualServers"),
            ownedVirtualServers: document.number("ownedVirtualServers"), realServers: document.number("realServers"),
            ownedRealServers: document.number("ownedRealServers"))
    }
}

extension AgentStatus.Change {
    package init(_ document: Document) {
        self.init(
            number: document.number("number"), time: document.text("time") ?? "",
            message: document.text("message") ?? "", virtualServer: document.text("virtualServer") ?? "",
            name: document.text("name"), realServer: document.text("realServer") ?? "",
            detail: document.text("detail") ?? "", document: document)
    }
}

extension Document {
    fileprivate func text(_ field: String) -> String? { self[field]?.string }

    fileprivate func texts(_ field: String) -> [String] {
        self[field]?.elements.compactMap(\.string) ?? []
    }

    fileprivate func number(_ field: String) -> UInt64 { self[field]?.count ?? 0 }
}
