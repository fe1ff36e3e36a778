//! Calls abandoned at random points leave nothing behind; the tool `churn` does the same a million times.

use tencent_chat_tests::churn::churn;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_up_calls_leave_nothing_behind() {
    let churn = churn(8_000).await;
    assert!(churn.answered > 1_000 && churn.dropped > 1_000, "{churn:?}");
    assert_eq!(churn.answered + churn.dropped + churn.failed, 8_000);
    // One reply in twenty is odd, and its call succeeds all the same.
    assert!(churn.odd > 50, "{churn:?}");
    assert_eq!(churn.failed, 0, "{churn:?}");
    assert_eq!((churn.before.waiting, churn.after.waiting), (0, 0));
    // Connections kept for reuse are tasks on both sides, from 64 concurrent callers and from some abandoned
    // calls; how many remain by chance varies. One per abandoned call would be a thousand.
    assert!(churn.after.tasks <= 4 * 64, "{churn:?}");
}
