//! Every command that pages, by every way of paging that its spec file names: each of 10,000 items exactly once
//! and in order, from a server that knows nothing but the `[paging]` table.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::{Router, body::Bytes, http::StatusCode, response::IntoResponse};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};
use tencent_chat_client::{Checkpoint, Client, ErrorKind, LocalLimiter};
use tencent_chat_tests::world::{APP, NOW, World, text};
use tencent_chat_types::{
    ENDPOINTS, Paged,
    account::ImportAccounts,
    conversation::{GetContactGroup, GetConversationList},
    group::{
        AddGroupMembers, GetBannedGroupMembers, GetGroupMembers, GetJoinedGroups,
        GetLiveGroupMembers, GetPermissionGroupMembers, GetPermissionGroupMembersRequired,
        GetPermissionGroups, ListGroups,
    },
    message::{
        GetC2cHistory, GetC2cHistoryRequired, GetGroupHistory, GetGroupMsgReaders,
        GetGroupMsgReadersRequired, SendGroupMsg,
        get_group_msg_readers::{GetGroupMsgReadersItem, ReadFilter},
    },
    model::{GroupType, MemberAccount},
    moderation::{
        ListKeywordLibraries, ListKeywordLibrariesRequired, ListKeywords, ListKeywordsRequired,
        ListLocalKeywords, ListLocalKeywordsRequired,
    },
    official_account::{
        GetOfficialAccountHistory, GetSubscribedOfficialAccounts, GetSubscribers,
        GetSubscribersRequired,
    },
    relationship::{
        GetBlockList, GetBlockListRequired, GetFollows, GetFollowsRequired, GetFriends,
        ImportFriends,
        get_follows::FollowList,
        import_friends::{ImportedFriend, ImportedFriendRequired},
    },
    search::{SearchGroups, SearchUsers},
    timpush::{
        ListScheduledPushes, ListScheduledPushesRequired, list_scheduled_pushes::ScheduleOrder,
    },
};
use xtask::codegen::{
    load::{self, LoadedEndpoint},
    spec::{Paging, PagingEnd},
};

/// Items that a listing has.
const ITEMS: u64 = 10_000;

/// Sizes of pages, over and over: full, short, of one item, and none.
const SIZES: [u64; 6] = [500, 499, 500, 0, 1, 250];

/// Runs something for every command that pages, with a request for its first page.
macro_rules! for_each_paged {
    ($run:expr) => {
        [
            $run(GetSubscribedOfficialAccounts::new("lin")).await,
            $run(GetSubscribers::new(GetSubscribersRequired {
                official_account: "news".into(),
                next: "".into(),
            }))
            .await,
            $run(GetOfficialAccountHistory::new("news")).await,
            $run(ListKeywordLibraries::new(ListKeywordLibrariesRequired {
                sdk_app_id: APP,
                limit: 100,
            }))
            .await,
            $run(ListLocalKeywords::new(ListLocalKeywordsRequired {
                sdk_app_id: APP,
                limit: 100,
            }))
            .await,
            $run(ListKeywords::new(ListKeywordsRequired {
                sdk_app_id: APP,
                limit: 100,
                lib_id: "library".into(),
            }))
            .await,
            $run(GetFollows::new(GetFollowsRequired {
                from_account: "lin".into(),
                follow_type: FollowList::FOLLOWERS,
                start_cursor: "".into(),
                want_num: 100,
            }))
            .await,
            $run(GetFriends::new("lin")).await,
            $run(GetBlockList::new(GetBlockListRequired {
                from_account: "lin".into(),
                max_limited: 100,
                last_sequence: 0,
            }))
            .await,
            $run(GetBannedGroupMembers::new("group")).await,
            $run(ListGroups::new()).await,
            $run(GetJoinedGroups::new("lin")).await,
            $run(GetLiveGroupMembers::new("group")).await,
            $run(GetGroupMembers::new("group")).await,
            $run(GetGroupHistory::new("group", 20)).await,
            $run(GetGroupMsgReaders::new(GetGroupMsgReadersRequired {
                group_id: "group".into(),
                msg_seq: 1,
                filter: ReadFilter::READ,
                cursor: "".into(),
                count: 200,
            }))
            .await,
            $run(GetC2cHistory::new(GetC2cHistoryRequired {
                operator_account: "lin".into(),
                peer_account: "mei".into(),
                max_cnt: 100,
                min_time: 0,
                max_time: 1_700_000_000,
            }))
            .await,
            $run(GetContactGroup::new("lin")).await,
            $run(GetConversationList::new("lin", 63)).await,
            $run(GetPermissionGroups::new("community")).await,
            $run(GetPermissionGroupMembers::new(
                GetPermissionGroupMembersRequired {
                    group_id: "community".into(),
                    permission_group_id: "referees".into(),
                },
            ))
            .await,
            $run(SearchUsers::new(["chess"], 100)).await,
            $run(SearchGroups::new(["chess"], 100)).await,
            $run(ListScheduledPushes::new(ListScheduledPushesRequired {
                sdkappid: APP,
                want: 20,
                order_by: ScheduleOrder::CREATED,
                asc: true,
                begin_time: "2026-01-01 00:00:00".into(),
                end_time: "2026-02-01 00:00:00".into(),
            }))
            .await,
        ]
    };
}

/// One way in which a command pages.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Cursor,
    Offset,
    Downwards,
}

/// The spec's description of a command that pages.
#[derive(Clone, Debug)]
struct Listing {
    file: Arc<LoadedEndpoint>,
    way: Way,
    /// The reply field that holds the items.
    list: String,
}

impl Listing {
    fn paging(&self) -> &Paging {
        self.file.file.paging.as_ref().unwrap()
    }

    /// Whether an empty page can be followed by others: not if it is what ends the paging.
    fn goes_on_after_an_empty_page(&self) -> bool {
        self.way == Way::Cursor
            && !matches!(
                self.paging().end.as_ref().map(|end| &end.value),
                Some(PagingEnd::NoItems)
            )
    }

    /// Pages as the numbers of their items.
    fn pages(&self) -> Vec<Range<u64>> {
        let (mut pages, mut from) = (Vec::new(), 0);
        for size in SIZES.iter().cycle() {
            if *size == 0 && !self.goes_on_after_an_empty_page() {
                continue;
            }
            let to = ITEMS.min(from + size);
            pages.push(from..to);
            from = to;
            if to == ITEMS {
                return pages;
            }
        }
        pages
    }
}

/// Every way of every command of the spec that pages, with every list of its items, by path.
fn listings() -> &'static HashMap<String, Vec<Listing>> {
    static LISTINGS: LazyLock<HashMap<String, Vec<Listing>>> = LazyLock::new(read_listings);
    &LISTINGS
}

fn read_listings() -> HashMap<String, Vec<Listing>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let spec = load::load(&dir).unwrap();
    let mut all = HashMap::new();
    for file in spec.endpoints {
        let Some(paging) = file.file.paging.clone() else {
            continue;
        };
        let mut ways = Vec::new();
        if !paging.cursor.is_empty() {
            ways.push(Way::Cursor);
        }
        if paging.offset.is_some() {
            ways.push(Way::Offset);
        }
        if paging.downwards.is_some() {
            ways.push(Way::Downwards);
        }
        let (path, file) = (file.file.path.value.clone(), Arc::new(file));
        let lists = || std::iter::once(&paging.items).chain(&paging.or_in);
        let listings = ways.into_iter().flat_map(|way| {
            let file = &file;
            lists().map(move |list| Listing {
                file: Arc::clone(file),
                way,
                list: list.value.clone(),
            })
        });
        all.insert(path, listings.collect());
    }
    all
}

/// What a server does besides listing items.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Odd {
    Nothing,
    /// From this page on it returns the cursor that it was sent.
    StuckAt(usize),
    /// Its third page leads back to the second.
    Circle,
    /// Its second page has the value that ends the paging early.
    EarlyEnd,
}

/// The server's side of one listing.
struct Server {
    listing: Listing,
    pages: Vec<Range<u64>>,
    odd: Odd,
    /// Asks for the second page.
    second: Mutex<Vec<Value>>,
    /// The items of pages as first written, by the numbers of those pages.
    written: Mutex<HashMap<Range<u64>, String>>,
    /// Which page a cursor stands for, by all of its parts.
    cursors: Mutex<HashMap<String, usize>>,
    requests: Mutex<usize>,
}

impl Server {
    async fn start(listing: &Listing, odd: Odd) -> (Arc<Self>, Client) {
        let server = Arc::new(Self {
            listing: listing.clone(),
            pages: listing.pages(),
            odd,
            second: Mutex::default(),
            written: Mutex::default(),
            cursors: Mutex::default(),
            requests: Mutex::default(),
        });
        let (answering, path) = (Arc::clone(&server), &listing.file.file.path.value);
        let app = Router::new().route(
            &format!("/{path}"),
            axum::routing::post(move |body: Bytes| async move {
                match answering.answer(&serde_json::from_slice(&body).unwrap()) {
                    Some(reply) => reply.into_response(),
                    // A cursor other than those that it returned.
                    None => StatusCode::BAD_REQUEST.into_response(),
                }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        // Certificates that nobody uses would be loaded again for each server.
        let client = Client::builder(APP, "administrator", "key")
            .base_url(base)
            .http(|http| http.tls_certs_only([]))
            .unlimited()
            .build()
            .unwrap();
        (server, client)
    }

    fn requests(&self) -> usize {
        *self.requests.lock().unwrap()
    }

    fn answer(&self, request: &Value) -> Option<String> {
        let number = {
            let mut requests = self.requests.lock().unwrap();
            *requests += 1;
            *requests
        };
        let mut reply = json!({ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "" });
        let fields = reply.as_object_mut()?;
        let page = match self.listing.way {
            Way::Cursor => self.by_cursor(request, fields)?,
            Way::Offset => self.by_offset(request, fields)?,
            Way::Downwards => self.downwards(request)?,
        };
        let paging = self.listing.paging();
        if self.odd == Odd::EarlyEnd && number == 2 {
            let (field, value) = match &paging.early_end.as_ref()?.value {
                PagingEnd::FieldEquals { field, value } => (field, *value),
                PagingEnd::FieldNonzero(field) => (field, 1),
                PagingEnd::CursorZero | PagingEnd::NoItems => return None,
            };
            fields.insert(field.value.clone(), json!(value));
        }
        let mut reply = reply.to_string();
        reply.pop();
        let list = Value::from(self.listing.list.as_str());
        Some(format!("{reply},{list}:{}}}", self.items(page)))
    }

    /// The items of a page, which are written once.
    fn items(&self, page: Range<u64>) -> String {
        let mut written = self.written.lock().unwrap();
        let items = written.entry(page).or_insert_with_key(|page| {
            let mut items: Vec<Value> = page.clone().map(|number| self.item(number)).collect();
            if self.listing.paging().reversed_pages {
                items.reverse();
            }
            Value::Array(items).to_string()
        });
        items.clone()
    }

    /// An item with its number in an unknown field.
    fn item(&self, number: u64) -> Value {
        let mut item = json!({ "TestNumber": number });
        if let Some(downwards) = &self.listing.paging().downwards {
            item[&downwards.item.value] = json!(ITEMS - number);
        }
        item
    }

    fn by_cursor(&self, request: &Value, reply: &mut Map<String, Value>) -> Option<Range<u64>> {
        let paging = self.listing.paging();
        let is_text = |part: usize| {
            let field = (self.listing.file.file.reply).get(&paging.cursor[part].reply.value);
            field.unwrap().ty.value == "string"
        };
        let sent: Vec<Value> = (paging.cursor.iter().enumerate())
            .map(|(part, pair)| match request.get(&pair.request.value) {
                Some(value) => value.clone(),
                None if is_text(part) => json!(""),
                None => json!(0),
            })
            .collect();
        let mut cursors = self.cursors.lock().unwrap();
        if cursors.is_empty() {
            cursors.insert(format!("{sent:?}"), 0);
        }
        let page = *cursors.get(&format!("{sent:?}"))?;
        // Another part of it moves each time, and the rest stays; beyond 32 bits.
        let mut next = sent;
        let moves = page % next.len();
        if page == 1 {
            self.second.lock().unwrap().clone_from(&next);
        }
        if self.odd == Odd::Circle && page == 2 {
            next.clone_from(&self.second.lock().unwrap());
        } else if !matches!(self.odd, Odd::StuckAt(stuck) if page >= stuck) {
            next[moves] = match is_text(moves) {
                true => json!(format!("page/{}?&=", page + 1)),
                false => json!(9_040_992_949 + page),
            };
            cursors.insert(format!("{next:?}"), page + 1);
        }
        let last = page + 1 >= self.pages.len();
        match &paging.end.as_ref()?.value {
            PagingEnd::FieldEquals { field, value } => {
                let value = if last { *value } else { value - 1 };
                reply.insert(field.value.clone(), json!(value));
            }
            PagingEnd::FieldNonzero(field) => {
                reply.insert(field.value.clone(), json!(i32::from(last) * 2));
            }
            PagingEnd::CursorZero if last => {
                for (part, value) in next.iter_mut().enumerate() {
                    *value = if is_text(part) { json!("") } else { json!(0) };
                }
            }
            PagingEnd::CursorZero | PagingEnd::NoItems => {}
        }
        for (pair, value) in paging.cursor.iter().zip(next) {
            reply.insert(pair.reply.value.clone(), value);
        }
        // With `no_items` the last page is followed by an empty one.
        Some(self.pages.get(page).cloned().unwrap_or(ITEMS..ITEMS))
    }

    fn by_offset(&self, request: &Value, reply: &mut Map<String, Value>) -> Option<Range<u64>> {
        let offset = self.listing.paging().offset.as_ref()?;
        reply.insert(offset.total.value.clone(), json!(ITEMS));
        let from = request
            .get(&offset.request.value)
            .map_or(Some(0), Value::as_u64)?;
        self.pages.iter().find(|page| page.start == from).cloned()
    }

    fn downwards(&self, request: &Value) -> Option<Range<u64>> {
        let highest = request.get(&self.listing.paging().downwards.as_ref()?.request.value);
        let from = ITEMS - highest.map_or(Some(ITEMS), Value::as_u64)?;
        let page = self.pages.iter().position(|page| page.start == from)?;
        // A server that does not advance returns the previous page again.
        let page = match self.odd {
            Odd::StuckAt(stuck) if page >= stuck => page - 1,
            _ => page,
        };
        self.pages.get(page).cloned()
    }
}

/// The number of an item.
fn number(item: &impl Serialize) -> u64 {
    let json = serde_json::to_string(item).unwrap();
    let (_, number) = json.split_once("\"TestNumber\":").unwrap();
    let end = number.find([',', '}']).unwrap();
    number[..end].parse().unwrap()
}

fn numbers<E: Paged<Item: Serialize>>(reply: E::Reply) -> Vec<u64> {
    E::items(reply).iter().map(number).collect()
}

/// Fails if a command of the spec pages and has no row here.
fn assert_complete(paths: &[&'static str]) {
    let spec: BTreeSet<String> = listings().keys().cloned().collect();
    let rows: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    assert_eq!(rows, spec, "for_each_paged! lacks or doubles a command");
    assert_eq!(rows.len(), paths.len());
    assert!(spec.len() >= 24 && spec.len() < ENDPOINTS.len());
}

async fn each_item_once<E>(request: E) -> &'static str
where
    E: Paged<Item: Serialize> + std::fmt::Debug,
{
    let path = E::META.path;
    for listing in &listings()[path] {
        let what = format!("{path} by {:?}, {}", listing.way, listing.list);
        let (server, client) = Server::start(listing, Odd::Nothing).await;
        let expected: Vec<u64> = (0..ITEMS).collect();
        // The empty page that ends a listing, where one does.
        let ends_empty =
            usize::from(listing.way == Way::Cursor && !listing.goes_on_after_an_empty_page());
        let pages = server.pages.len() + ends_empty;

        let items: Vec<E::Item> = client.items(request.clone()).try_collect().await.unwrap();
        let items: Vec<u64> = items.iter().map(number).collect();
        assert!(items == expected, "items of {what}");
        assert_eq!(server.requests(), pages, "{what}");

        let mut stream = client.pages(request.clone());
        let mut sizes = Vec::new();
        let mut items = Vec::new();
        while let Some(page) = stream.next().await {
            let page = numbers::<E>(page.unwrap());
            sizes.push(page.len() as u64);
            items.extend(page);
        }
        assert!(items == expected, "pages of {what}");
        // Short and empty pages arrived unchanged, and none is the end.
        let plan = server.pages.iter().map(|page| page.end - page.start);
        assert_eq!(
            sizes[..server.pages.len()],
            plan.collect::<Vec<_>>(),
            "{what}"
        );
        assert_eq!(sizes.len(), pages, "{what}");
        assert!(stream.next().await.is_none(), "{what}");

        let mut items = client.items(request.clone());
        for number_of_item in 0..ITEMS {
            let item = items.next_item().await.unwrap().unwrap();
            assert_eq!(number(&item), number_of_item, "{what}");
        }
        assert!(items.next_item().await.is_none(), "{what}");
        assert_eq!(server.requests(), 3 * pages, "{what}");
    }
    path
}

#[tokio::test]
async fn each_item_of_each_listing_once_and_in_order() {
    let paths = for_each_paged!(each_item_once);
    assert_complete(&paths);
}

async fn stuck_is_an_error<E>(request: E) -> &'static str
where
    E: Paged<Item: Serialize> + std::fmt::Debug,
{
    let path = E::META.path;
    for listing in &listings()[path] {
        // An offset is counted by the client, so it moves, or the page is empty and the end.
        if listing.way == Way::Offset {
            continue;
        }
        let (server, client) = Server::start(listing, Odd::StuckAt(2)).await;
        let mut pages = client.pages(request.clone());
        for _ in 0..2 {
            pages.next().await.unwrap().unwrap();
        }
        let error = pages.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stuck, "{path}");
        assert!(pages.next().await.is_none(), "{path}");
        assert!(pages.next_page().await.is_none(), "{path}");
        assert_eq!(server.requests(), 3, "{path}");
        let items = client.items(request.clone()).try_collect::<Vec<_>>().await;
        assert!(matches!(items, Err(error) if error.kind() == ErrorKind::Stuck));
    }
    path
}

#[tokio::test]
async fn a_listing_that_does_not_move_is_an_error() {
    let paths = for_each_paged!(stuck_is_an_error);
    assert_complete(&paths);
}

async fn circle_is_an_error<E>(request: E) -> &'static str
where
    E: Paged<Item: Serialize> + std::fmt::Debug,
{
    let path = E::META.path;
    for listing in &listings()[path] {
        // The other ways only ever count up or down.
        if listing.way != Way::Cursor {
            continue;
        }
        let (server, client) = Server::start(listing, Odd::Circle).await;
        let mut pages = client.pages(request.clone());
        for _ in 0..2 {
            pages.next().await.unwrap().unwrap();
        }
        let error = pages.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stuck, "{path}");
        assert!(pages.next_page().await.is_none(), "{path}");
        assert_eq!(server.requests(), 3, "{path}");
    }
    path
}

#[tokio::test]
async fn a_circle_of_two_pages_is_noticed_before_one_comes_again() {
    let paths = for_each_paged!(circle_is_an_error);
    assert_complete(&paths);
}

async fn early_end_is_the_end<E>(request: E) -> (&'static str, usize)
where
    E: Paged<Item: Serialize> + std::fmt::Debug,
{
    let (path, mut seen) = (E::META.path, 0);
    for listing in &listings()[path] {
        if listing.paging().early_end.is_none() {
            continue;
        }
        let (server, client) = Server::start(listing, Odd::EarlyEnd).await;
        let items = client.items(request.clone()).try_collect::<Vec<_>>().await;
        let items: Vec<u64> = items.unwrap().iter().map(number).collect();
        let expected: Vec<u64> = (0..server.pages[1].end).collect();
        assert!(items == expected, "{path}");
        assert_eq!(server.requests(), 2, "{path}");
        seen += 1;
    }
    (path, seen)
}

/// `IsFinished` of 2 in a history, or of 1 in either list of readers: the page counts, and no further one is
/// requested.
#[tokio::test]
async fn nothing_is_asked_for_after_an_early_end() {
    let (paths, seen): (Vec<_>, Vec<_>) = for_each_paged!(early_end_is_the_end).into_iter().unzip();
    assert_complete(&paths);
    assert_eq!(seen.iter().sum::<usize>(), 4);
}

async fn resumed_from_json<E>(request: E) -> &'static str
where
    E: Paged<Item: Serialize> + DeserializeOwned + std::fmt::Debug,
{
    let path = E::META.path;
    for listing in &listings()[path] {
        let what = format!("{path} by {:?}, {}", listing.way, listing.list);
        let (_server, client) = Server::start(listing, Odd::Nothing).await;
        let mut kept = Some(Checkpoint {
            request: request.clone(),
            taken: 0,
        });
        let mut seen = Vec::new();
        // Within a page, at its ends, over several, and twice within one.
        let mut some = [1, 498, 1, 0, 499, 7, 8, 1_300].into_iter().cycle();
        while let Some(checkpoint) = kept {
            let json = serde_json::to_string(&checkpoint).unwrap();
            let read: Checkpoint<E> = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), json, "{what}");
            let mut items = client.items_from(read);
            let mut left = some.next().unwrap();
            while left > 0
                && let Some(item) = items.next_item().await
            {
                seen.push(number(&item.unwrap()));
                left -= 1;
            }
            kept = items.checkpoint();
        }
        assert!(seen == (0..ITEMS).collect::<Vec<_>>(), "{what}");
    }
    path
}

#[tokio::test]
async fn a_listing_resumed_in_mid_page_yields_each_item_once() {
    let paths = for_each_paged!(resumed_from_json);
    assert_complete(&paths);
}

/// Callers that give up over and over.
#[tokio::test]
async fn giving_a_poll_up_loses_nothing() {
    let listing = &listings()["v4/recentcontact/get_contact_group"][0];
    let (server, client) = Server::start(listing, Odd::Nothing).await;
    let expected: Vec<u64> = (0..ITEMS).collect();

    let mut items = client.items(GetContactGroup::new("lin"));
    let mut seen = Vec::new();
    loop {
        match items.next().now_or_never() {
            Some(Some(item)) => seen.push(number(&item.unwrap())),
            Some(None) => break,
            None => tokio::task::yield_now().await,
        }
    }
    assert!(seen == expected);
    // An abandoned poll is not an abandoned call.
    assert_eq!(server.requests(), server.pages.len());

    let mut items = client.items(GetContactGroup::new("lin"));
    let (mut seen, mut patience) = (Vec::new(), 1);
    loop {
        let enough = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            item = items.next_item() => match item {
                Some(item) => seen.push(number(&item.unwrap())),
                None => break,
            },
            () = enough => patience = patience * 2 % 65_535,
        }
    }
    assert!(seen == expected);

    // One after the other on the same listing.
    let mut pages = client.pages(GetContactGroup::new("lin"));
    let mut seen = Vec::new();
    loop {
        let page = match pages.next().now_or_never() {
            Some(page) => page,
            None => pages.next_page().await,
        };
        match page {
            Some(page) => seen.extend(numbers::<GetContactGroup>(page.unwrap())),
            None => break,
        }
    }
    assert!(seen == expected);
}

/// A stream that waits for the quota and is no longer polled must not block anybody.
#[tokio::test]
async fn a_stream_that_rests_holds_nobody_up() {
    let world = World::new().await;
    let path = "v4/recentcontact/get_contact_group";
    let client = Client::builder(APP, "administrator", "key")
        .clock(world.clock.clone())
        .base_url(world.simulator.base_url())
        .limiter(Arc::new(LocalLimiter::new().command(path, 10, 1)))
        .build()
        .unwrap();
    let request = GetContactGroup::new("lin");
    client.send(&request).await.unwrap();
    let mut resting = client.pages(request.clone());
    assert!(resting.next().now_or_never().is_none());
    // Forever, if the resting stream kept its place in the queue.
    let calls = async {
        for _ in 0..3 {
            client.send(&request).await.unwrap();
        }
    };
    let long = std::time::Duration::from_secs(60);
    tokio::time::timeout(long, calls).await.unwrap();
    assert!(resting.next().await.unwrap().is_ok());
    assert!(resting.next().await.is_none());
}

/// A listing without a runtime is an error, not a panic, and can be continued within one.
#[test]
fn a_stream_needs_a_runtime() {
    let client = Client::builder(APP, "administrator", "key")
        .base_url("http://127.0.0.1:1")
        .build()
        .unwrap();
    let mut pages = client.pages(GetContactGroup::new("lin"));
    let error = pages.next().now_or_never().unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Runtime, "{error}");
}

/// Forward, the newest comes first, over all pages; messages of one second keep their order.
#[tokio::test]
async fn a_one_to_one_history_can_be_had_oldest_first() {
    let world = World::new().await;
    let mut sent = Vec::new();
    for number in 0..8 {
        let words = text(&format!("message {number}"));
        sent.push(world.simulator.send_as("lin", "mei", words).await.unwrap());
        if number % 3 == 2 {
            world.clock.advance(1);
        }
    }
    let request = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: "mei".into(),
        peer_account: "lin".into(),
        max_cnt: 3,
        min_time: 0,
        max_time: NOW + 99,
    });
    let oldest_first = world
        .client
        .items(request.clone())
        .reversed()
        .await
        .unwrap();
    let keys = oldest_first
        .into_iter()
        .map(|message| message.msg_key.unwrap());
    assert_eq!(keys.collect::<Vec<_>>(), sent);
    let newest_first: Vec<_> = world.client.items(request).try_collect().await.unwrap();
    let keys = newest_first
        .into_iter()
        .map(|message| message.msg_key.unwrap());
    sent.reverse();
    assert_eq!(keys.collect::<Vec<_>>(), sent);
}

#[tokio::test]
async fn those_who_have_not_read_come_too() {
    let world = World::new().await;
    let group = world.group(GroupType::PUBLIC, "chess").await;
    let bob = AddGroupMembers::new(group.as_str(), [MemberAccount::new("bob")]);
    world.ok(bob).await;
    let message = SendGroupMsg::new(group.as_str(), text("hi"))
        .with_random(1)
        .with_from_account("lin");
    let seq = world.ok(message).await.msg_seq.unwrap();
    world.simulator.read_group_msgs("mei", &group, seq).unwrap();
    let mut all = Vec::new();
    for filter in [ReadFilter::READ, ReadFilter::UNREAD] {
        let request = GetGroupMsgReaders::new(GetGroupMsgReadersRequired {
            group_id: group.as_str().into(),
            msg_seq: seq,
            filter,
            cursor: "".into(),
            count: 1,
        });
        let items: Vec<_> = world.client.items(request).try_collect().await.unwrap();
        all.extend(items.into_iter().map(|item| match item {
            GetGroupMsgReadersItem::ReadList(reader) => ("has read", reader.read_account),
            GetGroupMsgReadersItem::UnreadList(other) => ("has not", other.unread_account),
            other => panic!("{other:?}"),
        }));
    }
    all.sort();
    let expected = [("has not", "ada"), ("has not", "bob"), ("has read", "mei")];
    assert_eq!(all, expected.map(|(what, who)| (what, who.to_owned())));
}

/// The simulator's own pages, from its state: 3,000 friends.
#[tokio::test]
async fn the_simulators_friends() {
    let world = World::new().await;
    let names: Vec<String> = (0..3_000)
        .map(|number| format!("friend{number:05}"))
        .collect();
    for some in names.chunks(100) {
        world.ok(ImportAccounts::new(some.iter().cloned())).await;
        let friends = some.iter().map(|name| {
            ImportedFriend::new(ImportedFriendRequired {
                to_account: name.as_str().into(),
                add_source: "AddSource_Type_Test".into(),
            })
        });
        world.ok(ImportFriends::new("lin", friends)).await;
    }
    let friends: Vec<_> = world
        .client
        .items(GetFriends::new("lin"))
        .try_collect()
        .await
        .unwrap();
    let seen: BTreeSet<String> = friends
        .iter()
        .map(|friend| friend.to_account.clone())
        .collect();
    assert_eq!((friends.len(), seen.len()), (3_000, 3_000));
    assert!(names.iter().all(|name| seen.contains(name)));
}
