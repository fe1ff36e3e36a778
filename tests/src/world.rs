//! An app for a test: a simulator, a client, some users, and a clock that stands still.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "for tests, which may panic"
)]

use std::{fs, path::Path, sync::Arc, thread};
use tencent_chat_client::{Client, ClientBuilder, ErrorKind};
use tencent_chat_simulator::Simulator;
use tencent_chat_types::{
    Endpoint,
    account::ImportAccounts,
    group::{CreateGroup, CreateTopic, CreateTopicRequired, create_group::NewMember},
    model::{GroupType, MsgElement, TextElem},
};
use tencent_chat_usersig::FixedClock;

/// The app.
pub const APP: u64 = 1_400_000_000;
/// When the clock starts, in seconds since 1970.
pub const NOW: u64 = 1_700_000_000;
/// Users who are there from the start.
pub const USERS: [&str; 4] = ["lin", "mei", "ada", "bob"];

/// A simulator and a client of it.
#[derive(Debug)]
pub struct World {
    /// The server; its pages hold three entries.
    pub simulator: Simulator,
    /// An administrator's client.
    pub client: Client,
    /// The clock of both.
    pub clock: Arc<FixedClock>,
    /// The simulator's data folder; see the `Drop` of this type.
    folder: tempfile::TempDir,
}

impl World {
    /// With [`USERS`] and nothing else.
    pub async fn new() -> Self {
        Self::with(|client| client).await
    }

    /// The same with other settings of the client.
    pub async fn with(settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let clock = Arc::new(FixedClock::new(NOW));
        let folder = tempfile::tempdir().unwrap();
        let simulator = Simulator::builder(APP, "key")
            .clock(clock.clone())
            .page_size(3)
            .data_dir(folder.path())
            .start()
            .await
            .unwrap();
        let client = Client::builder(APP, "administrator", "key")
            .clock(clock.clone())
            .base_url(simulator.base_url())
            .unlimited();
        let client = settings(client).build().unwrap();
        let world = Self {
            simulator,
            client,
            clock,
            folder,
        };
        world.ok(ImportAccounts::new(USERS)).await;
        world
    }

    /// The reply of a call that must succeed.
    pub async fn ok<E: Endpoint>(&self, request: E) -> E::Reply {
        match self.client.send(&request).await {
            Ok(reply) => reply,
            Err(error) => panic!("{error}"),
        }
    }

    /// The code with which a call fails; limits are left to the server.
    pub async fn code<E: Endpoint>(&self, request: E) -> i64 {
        match self.client.call(request).unchecked().await {
            Ok(reply) => panic!("{reply:?}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Api, "{error}");
                // What is refused changes nothing.
                let refused = self.simulator.journal().pop().unwrap();
                assert_eq!(refused.changes(), [], "{} {error}", refused.path);
                error.code().unwrap().0
            }
        }
    }

    /// A group of lin's, with mei and ada in it.
    pub async fn group(&self, kind: GroupType, id: &str) -> String {
        let request = CreateGroup::new(kind, "a group")
            .with_owner_account("lin")
            .with_group_id(id)
            .with_member_list(["mei", "ada"].map(NewMember::new));
        self.ok(request).await.group_id
    }

    /// A live group of lin's, which mei and ada have joined and where they are online.
    pub async fn live_group(&self) -> String {
        let request = CreateGroup::new(GroupType::AV_CHAT_ROOM, "live").with_owner_account("lin");
        let id = self.ok(request).await.group_id;
        for user in ["mei", "ada"] {
            self.simulator.join_group(user, &id).unwrap();
            self.simulator.set_online(user, "Web", "Online").unwrap();
        }
        id
    }

    /// A community of lin's with mei and ada, and a topic in it.
    pub async fn community(&self) -> (String, String) {
        let request = CreateGroup::new(GroupType::COMMUNITY, "all")
            .with_owner_account("lin")
            .with_support_topic(true)
            .with_member_list(["mei", "ada"].map(NewMember::new));
        let id = self.ok(request).await.group_id;
        let topic = self
            .ok(CreateTopic::new(CreateTopicRequired {
                group_id: id.as_str().into(),
                topic_name: "openings".into(),
            }))
            .await;
        (id, topic.topic_id)
    }
}

/// A body of one text.
pub fn text(text: &str) -> [MsgElement; 1] {
    [TextElem::new(text).into()]
}

/// At the end of every test, checks that the stored state matches the state in memory.
impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let remembered = self.simulator.snapshot().unwrap();
        // As a kill at this moment would leave it: nothing has been closed.
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), copy.path());
        let stored = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let again = Simulator::builder(APP, "key").data_dir(copy.path());
                again.start().await.unwrap().snapshot().unwrap()
            })
        });
        let stored = stored.join().unwrap();
        let json = |snapshot| serde_json::to_value(snapshot).unwrap();
        assert_eq!(json(&stored), json(&remembered));
    }
}

/// Copies a folder with all its content.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
