//! The world: users, groups, messages and relations, and the rules about them, in the words of the
//! domain. It knows neither HTTP nor the requests of the API; commands and devices act in it alike.

mod context;
mod duplicates;
mod events;
mod group;
mod messages;
mod relations;
mod state;
mod step;

pub(crate) use self::{
    context::Context,
    duplicates::Mark,
    events::{Answered, Answering, App, BadAnswer, Events, Read, Telling, read_answer, read_reply},
    group::{Group, PermissionGroup, Topic},
    messages::{
        Aged, C2cMessage, Chat, Content, Extensions, Fate, GroupMessage, Messages, MsgKey, Pin,
    },
    relations::Friend,
    state::{Account, DoNotDisturb, MadePush, Marks, Peer, Recent, State},
    step::{Step, ask},
};
