//! Conversation lists, conversation groups and marks.

use super::registry::{BadBody, Commands, text};
use crate::{
    refusal::{Because, Refusal},
    world::{
        Account, Context, Marks, NewMarks, Peer, Recent,
        conversations::{self, account, peer},
    },
};
use tencent_chat_types::{
    ErrorCode,
    conversation::{
        CreateContactGroup, CreateContactGroupReply, DeleteContactGroup, DeleteContactGroupReply,
        DeleteConversation, DeleteConversationReply, GetContactGroup, GetContactGroupReply,
        GetConversationList, GetConversationListReply, MarkContact, MarkContactReply,
        PinConversations, PinConversationsReply, SearchContactGroup, SearchContactGroupReply,
        UpdateContactGroup, UpdateContactGroupReply,
        create_contact_group::NewContactGroupResult,
        get_conversation_list::Conversation,
        mark_contact::{ContactMark, ContactMarkResult, MarkOperation},
        pin_conversations::PinOperation,
        update_contact_group::{
            ContactGroupUpdateResult, ContactGroupUpdateType, ContactOperation, ContactUpdateResult,
        },
    },
    model::{Contact, ContactGroup, ContactResult, ContactType, MarkedConversation},
    validate::Limit,
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::CONVERSATION_PARAMETER_INVALID,
    invalid: |violation| match (violation.path.as_str(), violation.limit) {
        (path, Limit::MaxBytes(_)) if path.ends_with("GroupName") => {
            ErrorCode::CONTACT_GROUP_NAME_TOO_LONG
        }
        ("MarkItem", _) => ErrorCode::CONVERSATION_MARK_COUNT,
        _ => ErrorCode::CONVERSATION_PARAMETER_INVALID,
    },
};

/// Bits of `AssistFlags`.
const WITH_PINNED: u64 = 1;
const PAGE_PINNED: u64 = 4;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, get_conversation_list);
    commands.add(BAD_BODY, delete_conversation);
    commands.add(BAD_BODY, pin_conversations);
    commands.add(BAD_BODY, create_contact_group);
    commands.add(BAD_BODY, update_contact_group);
    commands.add(BAD_BODY, delete_contact_group);
    commands.add(BAD_BODY, mark_contact);
    commands.add(BAD_BODY, search_contact_group);
    commands.add(BAD_BODY, get_contact_group);
}

fn get_conversation_list(
    context: &mut Context<'_>,
    request: GetConversationList,
) -> Result<GetConversationListReply, Refusal> {
    let page_size = context.settings.page_size;
    account(context.state, &request.from_account)?;
    let list = conversations::list(context.state, &request.from_account);
    let (mut pinned, mut ordinary): (Vec<_>, Vec<_>) =
        (list.into_iter()).partition(|(_, recent)| recent.pinned);
    for list in [&mut pinned, &mut ordinary] {
        list.sort_by(|a, b| (b.1.last_time, &b.0).cmp(&(a.1.last_time, &a.0)));
    }
    if request.assist_flags & WITH_PINNED == 0 {
        pinned.clear();
    }
    let start = |index: u64| usize::try_from(index).unwrap_or(usize::MAX);
    let pinned_size = if request.assist_flags & PAGE_PINNED == 0 {
        usize::MAX
    } else {
        page_size
    };
    let pinned_page: Vec<_> = pinned
        .iter()
        .skip(start(request.top_start_index))
        .take(pinned_size)
        .collect();
    let page: Vec<_> = ordinary
        .iter()
        .skip(start(request.start_index))
        .take(page_size)
        .collect();
    let mut reply = GetConversationListReply::default();
    let last = |page: &[&(Peer, Recent)], before: u64| {
        page.last().map_or(before, |(_, recent)| recent.last_time)
    };
    reply.time_stamp = last(&page, request.time_stamp);
    reply.start_index = request.start_index.saturating_add(page.len() as u64);
    reply.top_time_stamp = last(&pinned_page, request.top_time_stamp);
    reply.top_start_index = request
        .top_start_index
        .saturating_add(pinned_page.len() as u64);
    let all_pinned = start(reply.top_start_index) >= pinned.len();
    reply.complete_flag = (all_pinned && start(reply.start_index) >= ordinary.len()).into();
    for (peer, recent) in pinned_page.into_iter().chain(page) {
        reply.session_item.push(match peer {
            Peer::User(user) => {
                Conversation::new(ContactType::C2C, recent.last_time, recent.pinned)
                    .with_to_account(user.as_str())
            }
            Peer::Group(id) => {
                Conversation::new(ContactType::GROUP, recent.last_time, recent.pinned)
                    .with_group_id(id.as_str())
            }
        });
    }
    Ok(reply)
}

fn delete_conversation(
    context: &mut Context<'_>,
    request: DeleteConversation,
) -> Result<DeleteConversationReply, Refusal> {
    let mut contact = Contact::new(request.r#type);
    contact.to_account = request.to_account;
    contact.to_group_id = request.to_group_id;
    let Some(peer) = Peer::of(&contact) else {
        return Err(ErrorCode::CONVERSATION_PARAMETER_INVALID
            .because("Type, To_Account and ToGroupid do not match"));
    };
    let with_history = request.clear_ramble.is_some_and(|flag| flag.is_on());
    conversations::delete(context.state, &request.from_account, &peer, with_history)?;
    Ok(DeleteConversationReply::default())
}

fn pin_conversations(
    context: &mut Context<'_>,
    request: PinConversations,
) -> Result<PinConversationsReply, Refusal> {
    let pin = match request.operation_type {
        PinOperation::PIN => true,
        PinOperation::UNPIN => false,
        _ => {
            return Err(ErrorCode::CONVERSATION_PARAMETER_INVALID
                .because("OperationType is neither 1 nor 2"));
        }
    };
    let mut peers = Vec::new();
    for item in request.recent_contact_item {
        let mut contact = Contact::new(item.r#type);
        contact.to_account = item.to_account;
        contact.to_group_id = item.group_id;
        let peer = peer(context.state, &contact).map_err(|code| code.because(text(code)))?;
        peers.push(peer);
    }
    let account = account(context.state, &request.from_account)?;
    conversations::pin_all(account, peers, pin)?;
    Ok(PinConversationsReply::default())
}

fn create_contact_group(
    context: &mut Context<'_>,
    request: CreateContactGroup,
) -> Result<CreateContactGroupReply, Refusal> {
    let now = context.now;
    let mut reply = CreateContactGroupReply::default();
    account(context.state, &request.from_account)?;
    for new in request.group_contact_item {
        conversations::check_name(&new.group_name)?;
        let peers: Vec<_> = new
            .contact_item
            .into_iter()
            .map(|c| (peer(context.state, &c), c))
            .collect();
        let account = account(context.state, &request.from_account)?;
        let id = conversations::group_of(account, &new.group_name)?;
        let results = peers.into_iter().map(|(peer, contact)| {
            let moved = |peer| conversations::put(account, peer, id, true, now);
            let code = peer.map_or_else(|code| code, moved);
            ContactResult::new(contact, code).with_result_info(text(code))
        });
        let results: Vec<_> = results.collect();
        reply.group_result_item.push(NewContactGroupResult::new(
            ContactGroup::new(new.group_name, id),
            results,
        ));
    }
    Ok(reply)
}

fn update_contact_group(
    context: &mut Context<'_>,
    request: UpdateContactGroup,
) -> Result<UpdateContactGroupReply, Refusal> {
    let now = context.now;
    let update = request.update_group;
    let old_name = update.old_group_name;
    let items: Vec<_> = (update.contact_update_item.unwrap_or_default().into_iter())
        .map(|item| (peer(context.state, &item.contact_item), item))
        .collect();
    let account = account(context.state, &request.from_account)?;
    let Some(id) = account.contact_groups.get(&old_name).copied() else {
        return Err(
            ErrorCode::CONTACT_GROUP_NOT_FOUND.because("no group has the name in OldGroupName")
        );
    };
    let mut result = ContactGroupUpdateResult::new(update.update_group_type).with_group_id(id);
    let mut name = old_name.clone();
    match update.update_group_type {
        ContactGroupUpdateType::NAME => {
            name = update.new_group_name.unwrap_or_default();
            conversations::rename(account, &old_name, &name)?;
        }
        ContactGroupUpdateType::CONVERSATIONS => {
            let results = items.into_iter().map(|(peer, item)| {
                let code = match (peer, item.contact_opt_type) {
                    (Ok(peer), ContactOperation::ADD) => {
                        conversations::put(account, peer, id, true, now)
                    }
                    (Ok(peer), ContactOperation::REMOVE) => {
                        conversations::put(account, peer, id, false, now)
                    }
                    (Ok(_), _) => ErrorCode::CONVERSATION_PARAMETER_INVALID,
                    (Err(code), _) => code,
                };
                ContactUpdateResult::new(item.contact_opt_type, item.contact_item, code)
                    .with_result_info(text(code))
            });
            result.contact_result_item = Some(results.collect());
        }
        _ => {
            return Err(ErrorCode::CONVERSATION_PARAMETER_INVALID
                .because("UpdateGroupType is neither 1 nor 2"));
        }
    }
    let mut reply = UpdateContactGroupReply::default();
    reply.update_type = request.update_type;
    reply.update_group_result = result.with_group_name(name).with_old_group_name(old_name);
    Ok(reply)
}

fn delete_contact_group(
    context: &mut Context<'_>,
    request: DeleteContactGroup,
) -> Result<DeleteContactGroupReply, Refusal> {
    let account = account(context.state, &request.from_account)?;
    let mut reply = DeleteContactGroupReply::default();
    for name in request.group_name {
        let id = conversations::delete_group(account, &name)?;
        reply.group_item.push(ContactGroup::new(name, id));
    }
    Ok(reply)
}

fn mark_contact(
    context: &mut Context<'_>,
    request: MarkContact,
) -> Result<MarkContactReply, Refusal> {
    let now = context.now;
    account(context.state, &request.from_account)?;
    let mut reply = MarkContactReply::default();
    for item in request.mark_item {
        let peer = peer(context.state, &item.contact_item);
        let account = account(context.state, &request.from_account)?;
        let code = match peer {
            Ok(peer) => conversations::mark(account, peer, &new_marks(&item), now),
            Err(code) => code,
        };
        let result = ContactMarkResult::new(item.opt_type, item.contact_item, code);
        reply.result_item.push(result.with_result_info(text(code)));
    }
    Ok(reply)
}

/// What a request wants of marks; none where it makes no sense.
fn new_marks(item: &ContactMark) -> Option<NewMarks> {
    let standard = [MarkOperation::STANDARD, MarkOperation::BOTH].contains(&item.opt_type);
    let custom = [MarkOperation::CUSTOM, MarkOperation::BOTH].contains(&item.opt_type);
    let bits = |list: &Option<Vec<u64>>| {
        list.iter().flatten().try_fold(0_u64, |bits, bit| {
            Some(bits | 1_u64.checked_shl(u32::try_from(*bit).ok()?)?)
        })
    };
    let (set, clear) = (bits(&item.set_mark)?, bits(&item.clear_mark)?);
    (standard || custom).then(|| NewMarks {
        standard: standard.then_some((set, clear)),
        custom: item.custom_mark.clone().filter(|_| custom),
    })
}

fn marked(peer: &Peer, marks: &Marks) -> MarkedConversation {
    let mut shown = match peer {
        Peer::User(user) => {
            MarkedConversation::new(ContactType::C2C).with_to_account(user.as_str())
        }
        Peer::Group(id) => {
            MarkedConversation::new(ContactType::GROUP).with_to_group_id(id.as_str())
        }
    };
    if marks.standard != 0 {
        shown.standard_mark = Some(format!("{:b}", marks.standard));
    }
    shown.custom_mark.clone_from(&marks.custom);
    if !marks.groups.is_empty() {
        shown.contact_group_id = Some(marks.groups.iter().copied().collect());
    }
    shown.with_timestamp(marks.changed)
}

fn contact_groups(account: &Account) -> Vec<ContactGroup> {
    account
        .contact_groups
        .iter()
        .map(|(name, id)| ContactGroup::new(name.as_str(), *id))
        .collect()
}

fn search_contact_group(
    context: &mut Context<'_>,
    request: SearchContactGroup,
) -> Result<SearchContactGroupReply, Refusal> {
    let account = account(context.state, &request.from_account)?;
    let peers = request.contact_item.iter().filter_map(Peer::of);
    let mut reply = SearchContactGroupReply::default();
    reply.contact_result_item = peers
        .filter_map(|peer| account.marks.get(&peer).map(|marks| marked(&peer, marks)))
        .collect();
    let used: Vec<u64> = reply
        .contact_result_item
        .iter()
        .flat_map(|found| found.contact_group_id.iter().flatten().copied())
        .collect();
    reply.group_item = contact_groups(account)
        .into_iter()
        .filter(|group| used.contains(&group.group_id))
        .collect();
    Ok(reply)
}

fn get_contact_group(
    context: &mut Context<'_>,
    request: GetContactGroup,
) -> Result<GetContactGroupReply, Refusal> {
    let page_size = context.settings.page_size;
    let account = account(context.state, &request.from_account)?;
    let start = usize::try_from(request.start_index).unwrap_or(usize::MAX);
    let page: Vec<_> = account.marks.iter().skip(start).take(page_size).collect();
    let end = start.saturating_add(page.len());
    let complete = end >= account.marks.len();
    let mut reply = GetContactGroupReply::default();
    reply.contact_item = page
        .into_iter()
        .map(|(peer, marks)| marked(peer, marks))
        .collect();
    reply.group_item = contact_groups(account);
    reply.complete_flag = complete.into();
    reply.next_start_index = if complete { 0 } else { end as u64 };
    Ok(reply)
}
