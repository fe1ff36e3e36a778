//! Chatbots: accounts whose messages would go to the app's webhook.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::Refusal,
    world::{Context, users},
};
use tencent_chat_types::{
    ErrorCode,
    chatbot::{
        CreateChatbot, CreateChatbotReply, DeleteChatbot, DeleteChatbotReply, ListChatbots,
        ListChatbotsReply,
    },
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::GROUP_PARAMETER_INVALID,
    invalid: |_| ErrorCode::GROUP_PARAMETER_INVALID,
};

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, create_chatbot);
    commands.add(BAD_BODY, list_chatbots);
    commands.add(BAD_BODY, delete_chatbot);
}

fn create_chatbot(
    context: &mut Context<'_>,
    request: CreateChatbot,
) -> Result<CreateChatbotReply, Refusal> {
    let (user, nick, face_url) = (request.user_id, request.nick, request.face_url);
    users::create_chatbot(context.state, user, nick, face_url, request.self_signature)?;
    Ok(CreateChatbotReply::default())
}

fn list_chatbots(context: &mut Context<'_>, _: ListChatbots) -> Result<ListChatbotsReply, Refusal> {
    let mut reply = ListChatbotsReply::default();
    reply.robot_account = context.state.app.chatbots.iter().cloned().collect();
    Ok(reply)
}

fn delete_chatbot(
    context: &mut Context<'_>,
    request: DeleteChatbot,
) -> Result<DeleteChatbotReply, Refusal> {
    users::delete_chatbot(context.state, &request.robot_account);
    Ok(DeleteChatbotReply::default())
}
