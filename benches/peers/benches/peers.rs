//! The crate `tencent_im_rs` next to this SDK: reading a page of history, signing, and calling.
#![allow(clippy::unwrap_used, reason = "what fails makes the figures void")]

use std::{cell::RefCell, error::Error, hint::black_box, rc::Rc, time::Duration};
use tencent_chat_benches::{
    Contender, Goal, Harness,
    derived::History,
    loopback::{self, SENT, spread},
    samples,
};
use tencent_chat_client::{Client, SecretKey};
use tencent_chat_types::{
    Endpoint, from_slice,
    message::{GetC2cHistoryReply, SendMsg},
    model::TextElem,
};
use tencent_chat_usersig::Signer;
use tencent_im_rs::{
    api::v4::{
        TencentHelper,
        common::{MsgBody, MsgContent},
        make_url,
        open_im::{
            admin_getroammsg::AdminGetRoamMsgResponse,
            send_msg::{SendMsgRequest, SendMsgResponse},
        },
        send,
    },
    user_sig::hmac_sha256::TencentSig,
};
use tokio::runtime;

const APP: u32 = 1_400_000_000;
const ADMIN: &str = "administrator";
const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const WEEK: u64 = 7 * 86_400;
const TEXT: &str = "Dinner at seven?";
const PEER: &str = "tencent_im_rs 1.0.4";
const OURS: &str = "this SDK";

fn main() -> Result<(), Box<dyn Error>> {
    let harness = Harness::from_args();
    read(&harness)?;
    sign(&harness)?;
    call(&harness)
}

/// `tencent_im_rs` decodes the reply with `serde_json` after reading the whole body, as here.
fn read(harness: &Harness) -> Result<(), Box<dyn Error>> {
    let page = samples::page(20);
    let text = serde_json::to_vec(&serde_json::from_value::<History>(page.clone())?)?;
    // All of them read all of it.
    let peer: AdminGetRoamMsgResponse = serde_json::from_slice(&text)?;
    assert_eq!(serde_json::to_value(&peer)?, page);
    let ours: GetC2cHistoryReply = from_slice(&text)?;
    assert_eq!(serde_json::to_value(&ours)?, page);
    harness.compare(
        &format!(
            "Reading a page of history, {} bytes, next to another crate",
            text.len()
        ),
        &mut [
            Contender {
                name: PEER,
                goals: &[],
                work: &mut |count| {
                    for _ in 0..count {
                        let page =
                            serde_json::from_slice::<AdminGetRoamMsgResponse>(black_box(&text));
                        black_box(page.unwrap());
                    }
                },
            },
            Contender {
                name: "derived",
                goals: &[],
                work: &mut |count| {
                    for _ in 0..count {
                        black_box(serde_json::from_slice::<History>(black_box(&text)).unwrap());
                    }
                },
            },
            Contender {
                name: OURS,
                goals: &[Goal::Speed(2.0)],
                work: &mut |count| {
                    for _ in 0..count {
                        black_box(from_slice::<GetC2cHistoryReply>(black_box(&text)).unwrap());
                    }
                },
            },
        ],
    );
    Ok(())
}

fn sign(harness: &Harness) -> Result<(), Box<dyn Error>> {
    let peer = TencentSig::new(APP, KEY.to_owned());
    let ours = Signer::new(APP.into(), KEY);
    let theirs = peer.generate_user_sig(ADMIN.to_owned(), WEEK);
    ours.verify(&theirs.ok_or("it does not sign")?)?;
    harness.compare(
        "UserSig, compressed, next to another crate",
        &mut [
            Contender {
                name: PEER,
                goals: &[],
                work: &mut |count| {
                    for _ in 0..count {
                        let sig = peer.generate_user_sig(black_box(ADMIN).to_owned(), WEEK);
                        black_box(sig.unwrap());
                    }
                },
            },
            Contender {
                name: OURS,
                goals: &[],
                work: &mut |count| {
                    for _ in 0..count {
                        let sig = ours.sign(black_box(ADMIN), Duration::from_secs(WEEK));
                        black_box(sig.unwrap());
                    }
                },
            },
        ],
    );
    Ok(())
}

/// One task's use of `tencent_im_rs`. Its `api_sendmsg` knows https only. It consists of `make_url` and `send`,
/// and so does this, with `http` in between. A call needs the helper alone, so each task has its own.
struct Peer(TencentHelper);

impl Peer {
    fn new(host: String, sig: &str) -> Result<Self, Box<dyn Error>> {
        let mut helper = TencentHelper::new(host, APP, ADMIN.to_owned(), sig.to_owned());
        // The environment may name a proxy.
        *helper.get_client() = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self(helper))
    }

    async fn send(&mut self) -> SendMsgResponse {
        let content = MsgContent::content_text(TEXT);
        let body = vec![MsgBody::new(MsgContent::str_text(), content)];
        let mut message = SendMsgRequest::new("mei", 7, body);
        message.set_msg_seq(Some(8));
        let url = make_url(&self.0, SendMsg::META.path).replacen("https", "http", 1);
        let sent = send::<SendMsgRequest, SendMsgResponse>(&mut self.0, url, &message).await;
        sent.unwrap()
    }
}

/// Neither keeps a quota. This SDK also checks, is ready to repeat, and looks at the code of the reply.
fn call(harness: &Harness) -> Result<(), Box<dyn Error>> {
    let server = loopback::serve(SENT)?;
    let client = Client::builder(APP.into(), ADMIN, SecretKey::new(KEY))
        .base_url(format!("http://{server}"))
        .unlimited()
        .build()?;
    let sig = Signer::new(APP.into(), KEY).sign(ADMIN, Duration::from_secs(WEEK))?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for in_flight in [1, 64] {
        let peers = (0..in_flight).map(|_| Peer::new(server.to_string(), sig.expose()));
        // Handed to the tasks of a run and back.
        let peers: Rc<RefCell<Vec<Peer>>> = Rc::new(RefCell::new(peers.collect::<Result<_, _>>()?));
        harness.compare(
            &format!("A call next to another crate, calls in flight: {in_flight}"),
            &mut [
                Contender {
                    name: PEER,
                    goals: &[],
                    work: &mut |count| {
                        runtime.block_on(spread(count, in_flight, |share| {
                            let peers = Rc::clone(&peers);
                            async move {
                                let mut peer = peers.borrow_mut().pop().unwrap();
                                for _ in 0..share {
                                    black_box(peer.send().await);
                                }
                                peers.borrow_mut().push(peer);
                            }
                        }));
                    },
                },
                Contender {
                    name: OURS,
                    goals: &[],
                    work: &mut |count| {
                        runtime.block_on(spread(count, in_flight, |share| {
                            let client = client.clone();
                            async move {
                                for _ in 0..share {
                                    let message = SendMsg::new("mei", [TextElem::new(TEXT)])
                                        .with_msg_random(7)
                                        .with_msg_seq(8_u32);
                                    black_box(client.send(message).await.unwrap());
                                }
                            }
                        }));
                    },
                },
            ],
        );
    }
    Ok(())
}
