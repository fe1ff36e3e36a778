//! A wrapper around another queue, which tests can partly override.

/// The methods of a [`Queue`](tencent_chat_webhook_queue::Queue) that only delegate to `self.queue`.
macro_rules! pass_on {
    () => {
        fn wait(&self, at_most: Duration) -> QueueFuture<'_, ()> {
            self.queue.wait(at_most)
        }
        fn lease(&self) -> Duration {
            self.queue.lease()
        }
        fn finish(&self, claims: Vec<ClaimId>) -> QueueFuture<'_, ()> {
            self.queue.finish(claims)
        }
        fn retry(&self, claim: ClaimId, delay: Duration) -> QueueFuture<'_, ()> {
            self.queue.retry(claim, delay)
        }
        fn bury(&self, claim: ClaimId, reason: String) -> QueueFuture<'_, ()> {
            self.queue.bury(claim, reason)
        }
        fn stats(&self) -> QueueFuture<'_, QueueStats> {
            self.queue.stats()
        }
        fn dead_letters(
            &self,
            behind: Option<EventId>,
            most: usize,
        ) -> QueueFuture<'_, Vec<DeadLetter>> {
            self.queue.dead_letters(behind, most)
        }
        fn requeue(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
            self.queue.requeue(ids)
        }
        fn discard(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
            self.queue.discard(ids)
        }
    };
}
pub(crate) use pass_on;
