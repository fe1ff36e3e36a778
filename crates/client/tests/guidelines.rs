//! Items of the Rust API guidelines that the compiler can check; CONTRIBUTING.md covers all of them.

use std::{error::Error, fmt};
use tencent_chat_client::{
    Batch, BatchOutcome, Call, Checkpoint, Client, ClientBuilder, ConfigError, Items, LocalLimiter,
    Pages, RetryPolicy, UnknownRegion,
};
use tencent_chat_simulator::{Simulator, SimulatorBuilder};
use tencent_chat_types::{ErrorCode, account::ImportAccounts, conversation::GetContactGroup};
use tencent_chat_usersig::{
    Claims, SecretKey, SecretKeyError, SignError, Signer, UserSig, UserbufError, VerifyError,
};

/// C-SEND-SYNC and C-DEBUG.
#[test]
fn public_types_are_send_sync_and_debug() {
    fn check<T: Send + Sync + fmt::Debug + 'static>() {}
    check::<Client>();
    #[cfg(feature = "blocking")]
    check::<tencent_chat_client::blocking::Client>();
    #[cfg(feature = "redis")]
    check::<tencent_chat_client::RedisLimiter>();
    check::<ClientBuilder>();
    check::<LocalLimiter>();
    check::<RetryPolicy>();
    check::<Checkpoint<GetContactGroup>>();
    check::<BatchOutcome<ImportAccounts>>();
    check::<ErrorCode>();
    check::<Signer>();
    check::<SecretKey>();
    check::<UserSig>();
    check::<Claims>();
    check::<Simulator>();
    check::<SimulatorBuilder>();
}

/// C-SEND-SYNC: futures can be spawned.
#[test]
fn futures_can_be_spawned() {
    fn check<T: Send>() {}
    check::<Call<'static, GetContactGroup>>();
    check::<Batch<'static, ImportAccounts>>();
    check::<Pages<GetContactGroup>>();
    check::<Items<GetContactGroup>>();
}

/// C-GOOD-ERR.
#[test]
fn errors_can_be_boxed() {
    fn check<T: Error + Send + Sync + 'static>() {}
    check::<tencent_chat_client::Error>();
    check::<ConfigError>();
    check::<UnknownRegion>();
    check::<SecretKeyError>();
    check::<SignError>();
    check::<VerifyError>();
    check::<UserbufError>();
    check::<tencent_chat_simulator::SeedError>();
    check::<tencent_chat_simulator::UnknownCommand>();
}
