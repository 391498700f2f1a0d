package import LoadBalancing

extension Ledger {
    /// What it holds of some virtual servers. Drains of real servers that others have removed belong to it: they are over.
    ///
    /// - Parameter withSettings: Whether synchronisation daemons belong to the part.
    package func part(_ keys: Set<VirtualServerKey>, withSettings: Bool = false) -> Ledger {
        var part = Ledger(syncDaemons: withSettings ? syncDaemons : [])
        for key in keys { part.virtualServers[key] = virtualServers[key] }
        for (drain, since) in drains where keys.contains(drain.virtualServer) { part.drains[drain] = since }
        return part
    }

    /// Puts a part that has changed in the place of what it was before.
    package mutating func replace(_ old: Ledger, with new: Ledger) {
        for key in old.virtualServers.keys where new.virtualServers[key] == nil { virtualServers[key] = nil }
        for key in old.drains.keys where new.drains[key] == nil { drains[key] = nil }
        virtualServers.merge(new.virtualServers) { $1 }
        drains.merge(new.drains) { $1 }
        syncDaemons = syncDaemons.subtracting(old.syncDaemons).union(new.syncDaemons)
    }
}
