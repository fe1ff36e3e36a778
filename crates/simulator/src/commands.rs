//! The commands: decode, check, act on the state, answer.

mod account;
mod canned;
mod chatbot;
mod conversation;
pub(crate) mod group;
mod group_data;
pub(crate) mod group_members;
pub(crate) mod group_messages;
mod group_pins;
mod live_groups;
pub(crate) mod message;
mod message_extensions;
mod moderation;
mod operations;
mod permission_groups;
mod profile;
mod push;
mod registry;
pub(crate) mod relationship;
mod search;
mod timpush;
mod topics;
mod unknown;

pub(crate) use self::registry::Commands;
pub use self::unknown::UnknownCommand;

/// All commands.
pub(crate) fn all() -> Commands {
    let mut commands = Commands::default();
    account::register(&mut commands);
    chatbot::register(&mut commands);
    conversation::register(&mut commands);
    group::register(&mut commands);
    group_data::register(&mut commands);
    group_members::register(&mut commands);
    group_messages::register(&mut commands);
    group_pins::register(&mut commands);
    live_groups::register(&mut commands);
    message::register(&mut commands);
    message_extensions::register(&mut commands);
    moderation::register(&mut commands);
    operations::register(&mut commands);
    permission_groups::register(&mut commands);
    profile::register(&mut commands);
    push::register(&mut commands);
    relationship::register(&mut commands);
    search::register(&mut commands);
    timpush::register(&mut commands);
    topics::register(&mut commands);
    canned::register(&mut commands);
    commands
}
