//! The story of the quick start: a few users, a message, groups and marks on conversations.

use std::{error::Error, fmt::Write};
use tencent_chat_client::Client;
use tencent_chat_types::{
    account::{ImportAccount, ImportAccounts},
    conversation::{
        CreateContactGroup, DeleteContactGroup, GetContactGroup, MarkContact,
        create_contact_group::NewContactGroup,
        mark_contact::{ContactMark, MarkOperation},
    },
    message::{GetC2cHistory, GetC2cHistoryRequired, SendMsg},
    model::{Contact, ContactType, FaceElem, MsgElement, TextElem},
};

/// Users of the story. On the real service they count as accounts of the app.
const USERS: [&str; 6] = [
    "story-lin",
    "story-mei",
    "story-ada",
    "story-bob",
    "story-eve",
    "story-kim",
];

/// Plays the story and writes down what happens.
///
/// `random` marks the message: the service drops a second one with the same number.
///
/// # Errors
///
/// The first call that fails.
pub async fn play(
    client: &Client,
    random: u32,
    out: &mut (impl Write + Send),
) -> Result<(), Box<dyn Error>> {
    let [lin, mei, others @ ..] = USERS;

    heading(out, "Import accounts")?;
    client
        .send(ImportAccount::new(lin).with_nick("Lin"))
        .await?;
    let imported = client
        .account()
        .import_accounts(ImportAccounts::new(USERS))
        .await?;
    writeln!(
        out,
        "{} users, {} failed",
        USERS.len(),
        imported.fail_accounts.len()
    )?;

    heading(out, "Send a message")?;
    let body: [MsgElement; 2] = [
        TextElem::new("Dinner at seven?").into(),
        FaceElem::new(6).into(),
    ];
    let message = SendMsg::new(mei, body)
        .with_msg_random(random)
        .with_from_account(lin)
        .with_msg_seq(1);
    let sent = client.message().send_msg(message.clone()).await?;
    writeln!(
        out,
        "{lin} to {mei}, key {}",
        sent.msg_key.as_deref().unwrap_or("none")
    )?;
    let again = client.send(&message).await?;
    let verdict = if again.msg_key == sent.msg_key {
        "dropped by the server as a double"
    } else {
        "sent twice"
    };
    writeln!(out, "the same message once more: {verdict}")?;

    heading(out, "Read it back")?;
    let now = sent.msg_time.unwrap_or_default();
    let history = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: mei.into(),
        peer_account: lin.into(),
        max_cnt: 20,
        min_time: now.saturating_sub(60),
        max_time: now + 60,
    });
    let mut messages = client.items(history);
    while let Some(message) = messages.next_item().await {
        let message = message?;
        for element in &message.msg_body {
            match element {
                MsgElement::Text(text) => writeln!(out, "{}: {}", message.from_account, text.text)?,
                MsgElement::Face(face) => {
                    writeln!(out, "{}: emoji {}", message.from_account, face.index)?
                }
                other => writeln!(out, "{}: {}", message.from_account, other.tag())?,
            }
        }
    }

    heading(out, "Group and mark conversations")?;
    let with = |user: &str| Contact::new(ContactType::C2C).with_to_account(user);
    let family = NewContactGroup::new("family", [with(mei), with("story-nobody")]);
    let created = client
        .conversation()
        .create_contact_group(CreateContactGroup::new(lin, [family]))
        .await?;
    for result in created
        .group_result_item
        .iter()
        .flat_map(|group| &group.result_item)
    {
        let user = result
            .contact_item
            .to_account
            .as_deref()
            .unwrap_or_default();
        match result.result_code.is_ok() {
            true => writeln!(out, "{user} is in the group")?,
            false => writeln!(
                out,
                "{user} is not: {}",
                result.result_code.meaning().unwrap_or("unknown reason")
            )?,
        }
    }
    let marks = others.iter().map(|user| {
        ContactMark::new(MarkOperation::BOTH, with(user))
            .with_set_mark([1, 40])
            .with_custom_mark(format!("met {user}"))
    });
    let marked = client.send(MarkContact::new(lin, marks)).await?;
    writeln!(
        out,
        "{} conversations marked",
        marked
            .result_item
            .iter()
            .filter(|item| item.result_code.is_ok())
            .count()
    )?;

    heading(out, "Page through get_contact_group")?;
    let mut pages = client.pages(GetContactGroup::new(lin));
    let mut number = 0;
    while let Some(page) = pages.next_page().await {
        let page = page?;
        number += 1;
        writeln!(out, "page {number}")?;
        for item in &page.contact_item {
            let groups: Vec<&str> = (page.group_item.iter())
                .filter(|group| {
                    item.contact_group_id
                        .iter()
                        .flatten()
                        .any(|id| *id == group.group_id)
                })
                .map(|group| group.group_name.as_str())
                .collect();
            writeln!(
                out,
                "  {:<10} groups {:?}, custom mark {:?}",
                item.to_account.as_deref().unwrap_or_default(),
                groups,
                item.custom_mark.as_deref().unwrap_or_default(),
            )?;
        }
    }

    heading(out, "A call that fails")?;
    match client.send(GetContactGroup::new("story-nobody")).await {
        Ok(_) => writeln!(out, "did not fail")?,
        Err(error) => {
            writeln!(out, "{error}")?;
            writeln!(
                out,
                "who must act: {:?}; would a repeat help: {:?}",
                error.class(),
                error.repeat()
            )?;
        }
    }

    heading(out, "Tidy up")?;
    let deleted = client
        .send(DeleteContactGroup::new(lin, ["family"]))
        .await?;
    writeln!(
        out,
        "{} conversation group deleted",
        deleted.group_item.len()
    )?;
    Ok(())
}

pub(crate) fn heading(out: &mut impl Write, text: &str) -> std::fmt::Result {
    writeln!(out, "\n== {text}")
}
