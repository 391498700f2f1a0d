/// Sends requests one by one, and waits for each: on a thread that has nothing else to do.
package struct EventSender {
    private let access: ClusterAccess

    package init(_ access: ClusterAccess) { self.access = access }

    /// The answer; what is in it does not matter.
    package func send(_ request: APIRequest) -> APIAnswer {
        let begin = ContinuousClock.now
        let transfers = HTTPTransfers(access)
        func answer(_ status: Int) -> APIAnswer {
            APIAnswer(
                host: access.authority, method: request.method.rawValue, status: status,
                delay: begin.duration(to: .now))
        }
        do throws(FeedProblem) {
            try transfers.start(request, id: 0)
        } catch {
            return answer(0)
        }
        while begin.duration(to: .now) < .seconds(request.timeout + 1) {
            for case .ended(_, let outcome, let response, _) in transfers.poll(timeout: .seconds(1), descriptors: []) {
                return answer(outcome == .complete ? response.status : 0)
            }
        }
        return answer(0)
    }
}
