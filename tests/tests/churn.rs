//! Calls that are given up at random points leave nothing behind; the tool `churn` does the same a
//! million times.

use tencent_chat_tests::churn::churn;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_up_calls_leave_nothing_behind() {
    let churn = churn(8_000).await;
    assert!(churn.answered > 1_000 && churn.dropped > 1_000, "{churn:?}");
    assert_eq!(churn.answered + churn.dropped + churn.failed, 8_000);
    assert_eq!((churn.before.waiting, churn.after.waiting), (0, 0));
    // Connections that are kept for later are tasks; there are no more of them than calls at once.
    assert!(churn.after.tasks <= churn.before.tasks + 16, "{churn:?}");
}
