//! Calls that are given up at random points leave nothing behind; the tool `churn` does the same a
//! million times.

use tencent_chat_tests::churn::churn;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_up_calls_leave_nothing_behind() {
    let churn = churn(8_000).await;
    assert!(churn.answered > 1_000 && churn.dropped > 1_000, "{churn:?}");
    assert_eq!(churn.answered + churn.dropped + churn.failed, 8_000);
    // One reply of twenty is odd, of which the call succeeds all the same.
    assert!(churn.odd > 50, "{churn:?}");
    assert_eq!(churn.failed, 0, "{churn:?}");
    assert_eq!((churn.before.waiting, churn.after.waiting), (0, 0));
    // Connections that are kept for later are tasks on both sides, of 64 callers at once and of some
    // calls that were given up; how many are left by chance differs. One for each call that was given
    // up would be a thousand.
    assert!(churn.after.tasks <= 4 * 64, "{churn:?}");
}
