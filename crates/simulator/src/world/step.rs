//! What happens in one go, and what the app must be asked about first.

use super::{context::Context, duplicates::Mark, events::Answered};
use crate::refusal::Refusal;
use std::{future::Future, pin::Pin};
use tencent_chat_types::webhook::{Answer, Webhook};

/// How far something has got that the app may be asked about.
pub(crate) enum Step<R> {
    Done(R),
    /// The app must be asked first, with the state unlocked; it may have changed when it goes on.
    Ask {
        /// What is the same when it is asked about twice.
        same: Option<Mark>,
        answer: Pin<Box<dyn Future<Output = Resume<R>> + Send>>,
    },
}

/// How it goes on with the app's answer.
pub(crate) type Resume<R> = Box<dyn FnOnce(&mut Context<'_>) -> Result<Step<R>, Refusal> + Send>;

impl<R: 'static> Step<R> {
    /// Does something to the result, when it is there.
    pub(crate) fn then<T: 'static>(
        self,
        then: impl FnOnce(R) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<Step<T>, Refusal> {
        Ok(match self {
            Self::Done(result) => Step::Done(then(result)?),
            Self::Ask { same, answer } => Step::Ask {
                same,
                answer: Box::pin(async move {
                    let resume = answer.await;
                    let resume: Resume<T> = Box::new(move |context| resume(context)?.then(then));
                    resume
                }),
            },
        })
    }
}

/// Asks the app about what is to happen, where it wants to be asked, and goes on with its answer;
/// without one, none means that what is not answered is refused. The event is made of what is to happen
/// when it is asked about only.
///
/// `same` marks what is the same when it is asked about twice.
pub(crate) fn ask<T: Send + 'static, E: Webhook, R: 'static>(
    context: &mut Context<'_>,
    same: Option<Mark>,
    draft: T,
    event: impl FnOnce(&Context<'_>, &T, u64) -> E,
    go_on: impl FnOnce(&mut Context<'_>, T, Option<E::Answer>) -> Result<Step<R>, Refusal>
    + Send
    + 'static,
) -> Result<Step<R>, Refusal> {
    let asked = &*context;
    let Some(answering) = (asked.events).ask(|time| event(asked, &draft, time)) else {
        return go_on(context, draft, Some(E::Answer::allow()));
    };
    let answer = Box::pin(async move {
        let answer = match answering.await {
            // It was read as an answer to this event.
            Answered::With(answer) => answer.value.downcast().ok().map(|answer| *answer),
            Answered::Proceed => Some(E::Answer::allow()),
            Answered::Refuse => None,
        };
        let resume: Resume<R> =
            Box::new(move |context: &mut Context<'_>| go_on(context, draft, answer));
        resume
    });
    Ok(Step::Ask { same, answer })
}
