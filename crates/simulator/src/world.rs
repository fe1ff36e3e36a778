//! The world: users, groups, messages and relations, and the rules about them, in the words of the
//! domain. It knows neither HTTP nor the requests of the API; commands and devices act in it alike.

pub(crate) mod attributes;
pub(crate) mod c2c;
mod context;
pub(crate) mod conversations;
mod duplicates;
mod events;
pub(crate) mod friends;
mod group;
pub(crate) mod group_chat;
pub(crate) mod groups;
mod keep;
pub(crate) mod membership;
mod messages;
pub(crate) mod permissions;
pub(crate) mod pins;
pub(crate) mod push;
mod relations;
mod rows;
mod stamp;
mod state;
mod step;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod topics;
pub(crate) mod users;

pub(crate) use self::{
    c2c::C2cDraft,
    context::Context,
    conversations::NewMarks,
    duplicates::Mark,
    events::{
        Answer, Answered, Answering, App, BadAnswer, Events, Read, Telling, read_answer, read_reply,
    },
    friends::NewFriend,
    group::{Group, PermissionGroup},
    group_chat::{GroupDraft, ImportedMessage, messages},
    groups::{FirstMember, GroupChanges, NewGroup, allow, group},
    membership::{ImportedMember, MemberChanges},
    messages::{C2cMessage, Chat, Extensions, Fate, GroupMessage, MsgKey},
    rows::{Action, Changes, Key, Kind, Part, Row},
    state::{Account, DoNotDisturb, Marks, Peer, Recent, State},
    step::Step,
};
