extension Scenario {
    /// Every scenario there is. A file of scenarios adds its list here.
    static let all: [Scenario] =
        harness + ipvsadm + contract + sync + ownership + drain + commands + services + faults + agent + traffic
        + telemetry + kubeProxy + proxyDevice + watching + soak + adversity + leaving + nodeNetwork + nftables
        + dataPath + rolling + firstSync + nodeAlone + serviceManager + schedulers + forwarding + takeover + tracking
        + modules + tenants + hostile + binary + checks + checkedTraffic + keepalived + byHand + activity + hooks
        + foreignEntries + imports + claimedAddresses + load + reload + guide
}
