//! Commands that answer in pages.

use crate::{
    Client, Error,
    error::{Cause, Sent},
    transport::Command,
};
use std::vec;
use tencent_chat_types::{Advance, Endpoint, Paged};

/// The pages of a command, one reply at a time.
///
/// Ends exactly where the command says so. A failed page can be asked for again: the next call
/// sends the same request.
#[derive(Debug)]
pub struct Pages<E> {
    client: Client,
    next: Option<E>,
}

impl<E: Paged> Pages<E> {
    pub(crate) fn new(client: Client, request: E) -> Self {
        Self {
            client,
            next: Some(request),
        }
    }

    /// The next page; none after the last.
    ///
    /// # Errors
    ///
    /// As for any call. A page that promises more but leads back to itself is an error too, and
    /// the end: asking again would go round in circles.
    pub async fn next_page(&mut self) -> Option<Result<E::Reply, Error>> {
        let request = self.next.as_mut()?;
        let reply = match self.client.send(request).await {
            Ok(reply) => reply,
            Err(error) => return Some(Err(error)),
        };
        match request.advance(&reply) {
            Advance::Next => {}
            Advance::End => self.next = None,
            Advance::Stuck => {
                self.next = None;
                let command = Command {
                    path: <E as Endpoint>::META.path,
                    meta: Some(E::META),
                };
                return Some(Err(command.error(Cause::Stuck, Sent::Yes)));
            }
        }
        Some(Ok(reply))
    }
}

/// The items of all pages, one at a time.
#[derive(Debug)]
pub struct Items<E: Paged> {
    pages: Pages<E>,
    page: vec::IntoIter<E::Item>,
}

impl<E: Paged> Items<E> {
    pub(crate) fn new(pages: Pages<E>) -> Self {
        Self {
            pages,
            page: Vec::new().into_iter(),
        }
    }

    /// The next item; none after the last.
    ///
    /// # Errors
    ///
    /// As for [`Pages::next_page`].
    pub async fn next_item(&mut self) -> Option<Result<E::Item, Error>> {
        loop {
            if let Some(item) = self.page.next() {
                return Some(Ok(item));
            }
            match self.pages.next_page().await? {
                Ok(reply) => self.page = E::items(reply).into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
