//! Looks up commands and webhooks by any of their names.

use crate::failure::Failure;
use tencent_chat_types::{
    ENDPOINTS, Meta,
    text::quoted,
    webhook::{WEBHOOKS, WebhookMeta},
};

/// Finds a command by its path, the end of its path, or its name: `v4/openim/sendmsg`, `sendmsg`,
/// `send_msg`.
pub(crate) fn command(wanted: &str) -> Result<&'static Meta, Failure> {
    let wanted = wanted.trim().trim_matches('/');
    let whole = |meta: &&&Meta| meta.path == wanted;
    if let Some(meta) = ENDPOINTS.iter().find(whole) {
        return Ok(meta);
    }
    let is_it = |meta: &&&Meta| {
        let end = meta.path.strip_suffix(wanted);
        meta.name == wanted
            || (!wanted.is_empty() && end.is_some_and(|before| before.ends_with('/')))
    };
    let found: Vec<&Meta> = ENDPOINTS.iter().filter(is_it).copied().collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => {
            let near = nearest(
                wanted,
                ENDPOINTS
                    .iter()
                    .flat_map(|meta| [meta.path, end_of(meta), meta.name]),
            );
            Err(
                Failure::usage(format!("there is no command \"{}\"", quoted(wanted)))
                    .help("`tencent-chat commands` lists them")
                    .meant(near),
            )
        }
        several => {
            let paths: Vec<&str> = several.iter().map(|meta| meta.path).collect();
            Err(
                Failure::usage(format!("several commands match \"{}\"", quoted(wanted)))
                    .help(format!("use one of {}", paths.join(", "))),
            )
        }
    }
}

fn end_of(meta: &'static Meta) -> &'static str {
    meta.path.rsplit('/').next().unwrap_or_default()
}

/// Finds a webhook by its wire name, the end of it, or its Rust name: `C2C.CallbackBeforeSendMsg`,
/// `c2c_before_send_msg`.
pub(crate) fn webhook(wanted: &str) -> Result<&'static WebhookMeta, Failure> {
    let wanted = wanted.trim();
    let is_it = |meta: &&&WebhookMeta| meta.name == wanted || meta.command == wanted;
    if let Some(meta) = WEBHOOKS.iter().find(is_it) {
        return Ok(meta);
    }
    let near = nearest(
        wanted,
        WEBHOOKS.iter().flat_map(|meta| [meta.command, meta.name]),
    );
    Err(
        Failure::usage(format!("there is no webhook \"{}\"", quoted(wanted)))
            .help("`tencent-chat webhook list` lists them")
            .meant(near),
    )
}

/// The name most similar to the wanted one, if any is.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wanted.to_lowercase();
    names
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn commands_are_found_by_path_end_and_name() {
        for wanted in [
            "v4/openim/sendmsg",
            "/v4/openim/sendmsg",
            "openim/sendmsg",
            "sendmsg",
            "send_msg",
        ] {
            assert_eq!(
                command(wanted).unwrap().path,
                "v4/openim/sendmsg",
                "{wanted}"
            );
        }
    }

    #[test]
    fn unknown_and_ambiguous_names_are_errors_with_a_suggestion() {
        let text = |wanted: &str| command(wanted).unwrap_err().to_string();
        assert!(text("sendmgs").contains("did you mean sendmsg?"));
        assert!(text("freind_gett").contains("did you mean"));
        let several = command("add_user_tags").unwrap_err().to_string();
        assert!(several.contains("use one of v4/"), "{several}");
        assert!(text("").contains("lists them"));
        let text = webhook("C2C.CallbackBeforeSendMsgs")
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("did you mean C2C.CallbackBeforeSendMsg?"),
            "{text}"
        );
    }
}
