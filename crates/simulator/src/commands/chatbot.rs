//! Chatbots: accounts whose messages would go to the app's webhook.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::{Because, Refusal},
    world::Context,
};
use tencent_chat_types::{
    ErrorCode,
    chatbot::{
        CreateChatbot, CreateChatbotReply, DeleteChatbot, DeleteChatbotReply, ListChatbots,
        ListChatbotsReply,
    },
    model::ProfileTag,
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::GROUP_PARAMETER_INVALID,
    invalid: |_| ErrorCode::GROUP_PARAMETER_INVALID,
};

/// Beginning of every chatbot's user id.
const PREFIX: &str = "@RBT#";
/// Most chatbots of an app.
const MAX_CHATBOTS: usize = 20;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, create_chatbot);
    commands.add(BAD_BODY, list_chatbots);
    commands.add(BAD_BODY, delete_chatbot);
}

fn create_chatbot(
    context: &mut Context<'_>,
    request: CreateChatbot,
) -> Result<CreateChatbotReply, Refusal> {
    if !request.user_id.starts_with(PREFIX) || request.user_id.len() == PREFIX.len() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("UserID must begin with @RBT#"));
    }
    let state = &mut *context.state;
    let is_new = !state.chatbots.contains(&request.user_id);
    if is_new && state.chatbots.len() >= MAX_CHATBOTS {
        return Err(ErrorCode::GROUP_REQUEST_UNVERIFIED.because("the app has 20 chatbots"));
    }
    state.chatbots.insert(request.user_id.clone());
    let account = state.accounts.entry(request.user_id).or_default();
    let fields = [
        (ProfileTag::NICK, request.nick),
        (ProfileTag::IMAGE, request.face_url),
        (ProfileTag::SELF_SIGNATURE, request.self_signature),
    ];
    for (tag, value) in fields {
        if let Some(value) = value {
            account
                .profile
                .insert(tag.as_str().to_owned(), value.into());
        }
    }
    Ok(CreateChatbotReply::default())
}

fn list_chatbots(context: &mut Context<'_>, _: ListChatbots) -> Result<ListChatbotsReply, Refusal> {
    let mut reply = ListChatbotsReply::default();
    reply.robot_account = context.state.chatbots.iter().cloned().collect();
    Ok(reply)
}

fn delete_chatbot(
    context: &mut Context<'_>,
    request: DeleteChatbot,
) -> Result<DeleteChatbotReply, Refusal> {
    if context.state.chatbots.remove(&request.robot_account) {
        context.state.accounts.remove(&request.robot_account);
    }
    Ok(DeleteChatbotReply::default())
}
