//! The world as rows: what an act has changed, everything, and back.

use super::{
    duplicates::Remembered,
    group::{Attributes, Group, PermissionGroup, Topic},
    messages::{C2cMessage, Chat, Fate, GroupMessage, Messages},
    rows::{BadRow, Changes, Key, Kind, Row},
    stamp::Stamp,
    state::{Account, Peer, Push, State},
};
use serde::{Deserialize, Serialize};

/// Kinds of rows that belong to a user.
const OF_ACCOUNT: &[Kind] = &[
    Kind::Conversation,
    Kind::Marks,
    Kind::Unread,
    Kind::Friend,
    Kind::Blocked,
];

/// Kinds of rows that belong to a group.
const OF_GROUP: &[Kind] = &[
    Kind::Attributes,
    Kind::Member,
    Kind::Unlisted,
    Kind::Banned,
    Kind::LiveMarks,
    Kind::Topic,
    Kind::TopicMute,
    Kind::Permission,
    Kind::PermissionMember,
    Kind::List,
    Kind::Message,
    Kind::Fate,
    Kind::Read,
];

/// Kinds of rows that belong to a topic.
const OF_TOPIC: &[Kind] = &[
    Kind::TopicMute,
    Kind::List,
    Kind::Message,
    Kind::Fate,
    Kind::Read,
];

/// Kinds of rows that belong to two users.
const OF_CHAT: &[Kind] = &[Kind::C2cMessage, Kind::C2cFate];

/// What becomes of a message between two users. A row of its own, so that the message is not written
/// again.
#[derive(Serialize, Deserialize)]
struct C2cFate {
    time: u64,
    held: [bool; 2],
    read: bool,
    recalled: bool,
}

fn conversation(key: &Key, peer: &Peer) -> Key {
    match peer {
        Peer::User(user) => key.clone().text("u").text(user),
        Peer::Group(id) => key.clone().text("g").text(id),
    }
}

fn peer(row: &Row) -> Result<Peer, BadRow> {
    let name = row.part(2)?.to_owned();
    match row.part(1)? {
        "u" => Ok(Peer::User(name)),
        "g" => Ok(Peer::Group(name)),
        _ => Err(BadRow::Key),
    }
}

impl Account {
    fn changes(&mut self, key: &Key, out: &mut Changes) {
        self.saved = out.put_if_changed(key.clone(), self.saved, self);
        let own = key.with(Kind::Conversation);
        out.rows(&mut self.conversations, |peer| conversation(&own, peer));
        let own = key.with(Kind::Marks);
        out.rows(&mut self.marks, |peer| conversation(&own, peer));
        out.table(&key.with(Kind::Unread), &mut self.unread);
        out.table(&key.with(Kind::Friend), &mut self.relations.friends);
        out.table(&key.with(Kind::Blocked), &mut self.relations.blocked);
    }

    fn touch_all(&mut self) {
        self.saved = None;
        self.conversations.touch_all(|_| {});
        self.marks.touch_all(|_| {});
        self.unread.touch_all(|_| {});
        self.relations.friends.touch_all(|_| {});
        self.relations.blocked.touch_all(|_| {});
    }
}

impl Messages {
    /// The key is that of the list.
    fn changes(&mut self, key: &Key, out: &mut Changes) {
        self.saved = out.put_if_changed(key.clone(), self.saved, self);
        out.table(&key.with(Kind::Read), &mut self.read);
        if self.touched.is_empty() {
            return;
        }
        let touched = std::mem::take(&mut self.touched);
        let (message, fate) = (key.with(Kind::Message), key.with(Kind::Fate));
        for seq in &touched.new {
            if let Some(held) = self.get(*seq) {
                out.put(message.clone().number(*seq), true, held);
            }
        }
        for (seq, before) in &touched.changed {
            if let Some(held) = self.get(*seq) {
                out.put_if_changed(message.clone().number(*seq), *before, held);
            }
        }
        for seq in &touched.fates {
            if let Some(held) = self.get(*seq) {
                out.put(fate.clone().number(*seq), false, &held.fate);
            }
        }
        for seq in &touched.gone {
            out.delete(message.clone().number(*seq));
            out.delete(fate.clone().number(*seq));
        }
    }

    fn touch_all(&mut self) {
        self.saved = None;
        self.read.touch_all(|_| {});
        self.touched.new = self.iter().map(|message| message.seq).collect();
    }
}

impl Topic {
    fn changes(&mut self, key: &Key, out: &mut Changes) {
        self.saved = out.put_if_changed(key.clone(), self.saved, self);
        out.table(&key.with(Kind::TopicMute), &mut self.muted);
        self.messages.changes(&key.with(Kind::List), out);
    }

    fn touch_all(&mut self) {
        self.saved = None;
        self.muted.touch_all(|_| {});
        self.messages.touch_all();
    }
}

impl PermissionGroup {
    fn changes(&mut self, key: &Key, out: &mut Changes) {
        self.saved = out.put_if_changed(key.clone(), self.saved, self);
        let key = key.with(Kind::PermissionMember);
        out.table(&key, &mut self.members);
    }

    fn touch_all(&mut self) {
        self.saved = None;
        self.members.touch_all(|_| {});
    }
}

impl Group {
    fn changes(&mut self, key: &Key, out: &mut Changes) {
        self.saved = out.put_if_changed(key.clone(), self.saved, self);
        let held = &mut self.attributes;
        held.saved = out.put_if_changed(key.with(Kind::Attributes), held.saved, held);
        out.table(&key.with(Kind::Member), &mut self.members);
        out.table(&key.with(Kind::Unlisted), &mut self.unlisted);
        out.table(&key.with(Kind::Banned), &mut self.banned);
        out.table(&key.with(Kind::LiveMarks), &mut self.marks);
        (self.messages).changes(&key.with(Kind::List).text(""), out);
        self.topics.drain(|id, note, topic| {
            let key = key.with(Kind::Topic).text(id);
            if note.was_removed {
                out.delete_all(&key, OF_TOPIC);
            }
            match topic {
                Some(topic) => topic.changes(&key, out),
                None => out.delete(key),
            }
        });
        self.permission_groups.drain(|id, note, held| {
            let key = key.with(Kind::Permission).text(id);
            if note.was_removed {
                out.delete_all(&key, &[Kind::PermissionMember]);
            }
            match held {
                Some(held) => held.changes(&key, out),
                None => out.delete(key),
            }
        });
    }

    fn touch_all(&mut self) {
        self.saved = None;
        self.attributes.saved = None;
        self.members.touch_all(|_| {});
        self.unlisted.touch_all(|_| {});
        self.banned.touch_all(|_| {});
        self.marks.touch_all(|_| {});
        self.messages.touch_all();
        self.topics.touch_all(Topic::touch_all);
        (self.permission_groups).touch_all(PermissionGroup::touch_all);
    }
}

impl Chat {
    fn changes(&mut self, key: &Key, out: &mut Changes) {
        if self.touched.is_empty() {
            return;
        }
        let touched = std::mem::take(&mut self.touched);
        for place in &touched.new {
            if let Some(held) = self.at(*place) {
                out.put(key.clone().number(held.serial), true, held);
            }
        }
        for (place, before) in &touched.changed {
            if let Some(held) = self.at(*place) {
                out.put_if_changed(key.clone().number(held.serial), *before, held);
            }
        }
        for place in &touched.fates {
            if let Some(held) = self.at(*place) {
                let fate = C2cFate {
                    time: held.numbers.time,
                    held: held.held,
                    read: held.read,
                    recalled: held.recalled,
                };
                let key = key.with(Kind::C2cFate).number(held.serial);
                out.put(key, false, &fate);
            }
        }
        for (_, serial) in &touched.gone {
            out.delete(key.clone().number(*serial));
            out.delete(key.with(Kind::C2cFate).number(*serial));
        }
    }

    fn touch_all(&mut self) {
        let all = self.messages.iter();
        self.touched.new = all
            .map(|message| (message.numbers.time, message.serial))
            .collect();
    }
}

impl State {
    /// What was changed since this was asked last. Rows are made where somebody stores them.
    pub(crate) fn changes(&mut self, stores: bool) -> Changes {
        let mut out = Changes::new(stores);
        if stores {
            let (app, push) = self.saved;
            let app = out.put_if_changed(Key::of(Kind::App), app, &self.app);
            let push = out.put_if_changed(Key::of(Kind::Push), push, &self.push);
            self.saved = (app, push);
        }
        out.table(&Key::of(Kind::MadePush), &mut self.push.made);
        let scheduled = Key::of(Kind::ScheduledPush);
        out.rows(&mut self.push.scheduled, |id| scheduled.clone().number(*id));
        self.duplicate_changes(&mut out);
        self.accounts.drain(|user, note, account| {
            let key = Key::of(Kind::Account).text(user);
            if note.was_removed {
                out.delete_all(&key, OF_ACCOUNT);
            }
            match account {
                Some(account) => account.changes(&key, &mut out),
                None => out.delete(key),
            }
        });
        self.groups.drain(|id, note, group| {
            let key = Key::of(Kind::Group).text(id);
            if note.was_removed {
                out.delete_all(&key, OF_GROUP);
            }
            match group {
                Some(group) => group.changes(&key, &mut out),
                None => out.delete(key),
            }
        });
        self.chats.drain(|(first, second), note, chat| {
            let key = Key::of(Kind::C2cMessage).text(first).text(second);
            if note.was_removed {
                out.delete_all(&key, OF_CHAT);
            }
            if let Some(chat) = chat {
                chat.changes(&key, &mut out);
            }
        });
        out
    }

    fn duplicate_changes(&mut self, out: &mut Changes) {
        let key = Key::of(Kind::Duplicate);
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        self.duplicates.drain(
            |place| gone.push(place),
            |place, duplicate| new.push((place, duplicate)),
        );
        for place in gone {
            out.delete(key.clone().number(place));
        }
        for (place, duplicate) in new {
            out.put(key.clone().number(place), true, &duplicate);
        }
    }

    /// Everything, as if it were new.
    pub(crate) fn everything(&mut self) -> Changes {
        self.saved = (None, None);
        self.push.made.touch_all(|_| {});
        self.push.scheduled.touch_all(|_| {});
        self.duplicates.touch_all();
        self.accounts.touch_all(Account::touch_all);
        self.groups.touch_all(Group::touch_all);
        self.chats.touch_all(Chat::touch_all);
        self.changes(true)
    }

    /// Puts a row in that is stored already. What others are a part of must come first.
    pub(crate) fn load(&mut self, row: &Row) -> Result<(), BadRow> {
        match row.key.kind {
            Kind::App => {
                self.app = row.value()?;
                self.saved.0 = Stamp::of(&self.app);
            }
            Kind::Push => {
                let push: Push = row.value()?;
                self.saved.1 = Stamp::of(&push);
                self.push = push;
            }
            Kind::MadePush => {
                let id = row.part(0)?.to_owned();
                self.push.made.load(id, row.value()?);
            }
            Kind::ScheduledPush => {
                let id = row.part_number(0)?;
                self.push.scheduled.load(id, row.value()?);
            }
            Kind::Duplicate => {
                let duplicate: Remembered = row.value()?;
                self.duplicates.load(row.part_number(0)?, duplicate);
            }
            Kind::Account => {
                let mut account: Account = row.value()?;
                account.saved = Stamp::of(&account);
                self.accounts.load(row.part(0)?.to_owned(), account);
            }
            Kind::Group => {
                let mut group: Group = row.value()?;
                group.saved = Stamp::of(&group);
                self.groups.load(row.part(0)?.to_owned(), group);
            }
            Kind::C2cMessage | Kind::C2cFate => self.load_chat(row)?,
            kind if OF_ACCOUNT.contains(&kind) => {
                let account = self.accounts.loading(row.part(0)?);
                account.ok_or(BadRow::Owner)?.load(row)?;
            }
            _ => {
                let group = self.groups.loading(row.part(0)?);
                group.ok_or(BadRow::Owner)?.load(row)?;
            }
        }
        Ok(())
    }

    fn load_chat(&mut self, row: &Row) -> Result<(), BadRow> {
        let pair = (row.part(0)?.to_owned(), row.part(1)?.to_owned());
        if !self.chats.contains_key(&pair) {
            self.chats.load(pair.clone(), Chat::default());
        }
        let chat = self.chats.loading(&pair).ok_or(BadRow::Owner)?;
        if row.key.kind == Kind::C2cMessage {
            let message: C2cMessage = row.value()?;
            chat.load(message);
            return Ok(());
        }
        let fate: C2cFate = row.value()?;
        let place = (fate.time, row.part_number(2)?);
        let message = chat.loading(place).ok_or(BadRow::Owner)?;
        message.held = fate.held;
        message.read = fate.read;
        message.recalled = fate.recalled;
        Ok(())
    }

    /// Counts what was loaded.
    pub(crate) fn loaded(&mut self) {
        self.count_stored();
    }
}

impl Account {
    fn load(&mut self, row: &Row) -> Result<(), BadRow> {
        match row.key.kind {
            Kind::Conversation => self.conversations.load(peer(row)?, row.value()?),
            Kind::Marks => self.marks.load(peer(row)?, row.value()?),
            Kind::Unread => self.unread.load(row.part(1)?.to_owned(), row.value()?),
            Kind::Friend => {
                let friends = &mut self.relations.friends;
                friends.load(row.part(1)?.to_owned(), row.value()?);
            }
            Kind::Blocked => {
                let blocked = &mut self.relations.blocked;
                blocked.load(row.part(1)?.to_owned(), row.value()?);
            }
            _ => return Err(BadRow::Kind),
        }
        Ok(())
    }
}

impl Group {
    fn load(&mut self, row: &Row) -> Result<(), BadRow> {
        let name = |at| row.part(at).map(str::to_owned);
        match row.key.kind {
            Kind::Attributes => {
                let mut attributes: Attributes = row.value()?;
                attributes.saved = Stamp::of(&attributes);
                self.attributes = attributes;
            }
            Kind::Member => self.members.load(name(1)?, row.value()?),
            Kind::Unlisted => self.unlisted.load(name(1)?, row.value()?),
            Kind::Banned => self.banned.load(name(1)?, row.value()?),
            Kind::LiveMarks => self.marks.load(name(1)?, row.value()?),
            Kind::Topic => {
                let mut topic: Topic = row.value()?;
                topic.saved = Stamp::of(&topic);
                self.topics.load(name(1)?, topic);
            }
            Kind::TopicMute => {
                let topic = self.topics.loading(row.part(1)?);
                let topic = topic.ok_or(BadRow::Owner)?;
                topic.muted.load(name(2)?, row.value()?);
            }
            Kind::Permission => {
                let mut held: PermissionGroup = row.value()?;
                held.saved = Stamp::of(&held);
                self.permission_groups.load(name(1)?, held);
            }
            Kind::PermissionMember => {
                let held = self.permission_groups.loading(row.part(1)?);
                let held = held.ok_or(BadRow::Owner)?;
                held.members.load(name(2)?, ());
            }
            Kind::List | Kind::Message | Kind::Fate | Kind::Read => {
                let list = match row.part(1)? {
                    "" => Some(&mut self.messages),
                    id => (self.topics.loading(id)).map(|topic| &mut topic.messages),
                };
                list.ok_or(BadRow::Owner)?.load_row(row)?;
            }
            _ => return Err(BadRow::Kind),
        }
        Ok(())
    }
}

impl Messages {
    fn load_row(&mut self, row: &Row) -> Result<(), BadRow> {
        match row.key.kind {
            Kind::List => {
                *self = row.value()?;
                self.saved = Stamp::of(self);
            }
            Kind::Message => {
                let message: GroupMessage = row.value()?;
                self.load(message);
            }
            Kind::Fate => {
                let fate: Fate = row.value()?;
                let message = self.loading(row.part_number(2)?);
                message.ok_or(BadRow::Owner)?.fate = fate;
            }
            Kind::Read => self.read.load(row.part(2)?.to_owned(), row.value()?),
            _ => return Err(BadRow::Kind),
        }
        Ok(())
    }
}
