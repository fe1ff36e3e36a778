//! `tencent-chat code`: explains error codes.

use crate::{
    failure::Failure,
    output::{self, Output},
};
use serde::Serialize;
use tencent_chat_types::{ENDPOINTS, ErrorCode, ErrorCodeInfo, text::quoted};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The code, or words from its name or meaning
    #[arg(required = true, allow_negative_numbers = true)]
    code: Vec<String>,
}

/// The meaning of one code.
#[derive(Serialize)]
pub(crate) struct Row {
    from: i64,
    to: i64,
    name: &'static str,
    meaning: &'static str,
    who_must_act: String,
    repeat_helps: String,
    retry_after_seconds: Option<u32>,
    advice: Option<&'static str>,
    services: &'static [&'static str],
    commands: Vec<&'static str>,
}

pub(crate) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let rows = find(&args.code)?;
    output.result(&rows, || {
        let texts: Vec<String> = rows.iter().map(text).collect();
        texts.join("\n\n")
    })
}

/// Finds a code by its number, or all codes with all of these words in their name or meaning.
///
/// # Errors
///
/// No code matches.
pub(crate) fn find(words: &[String]) -> Result<Vec<Row>, Failure> {
    let found = match words {
        [one] => match one.parse() {
            Ok(number) => of_number(number)?,
            Err(_) => of_words(words)?,
        },
        words => of_words(words)?,
    };
    Ok(found.into_iter().map(row).collect())
}

fn of_number(number: i64) -> Result<Vec<&'static ErrorCodeInfo>, Failure> {
    let code = ErrorCode(number);
    let mut found: Vec<_> = ErrorCode::all()
        .iter()
        .filter(|info| info.from == number)
        .collect();
    if found.is_empty() {
        found.extend(code.info());
    }
    match found.is_empty() {
        false => Ok(found),
        true if code.is_ok() => Err(Failure::refused("0 is success")),
        true => Err(
            Failure::refused(format!("no source explains the code {number}"))
                .help("your own webhook's answers may use codes from 120001 to 130000"),
        ),
    }
}

fn of_words(words: &[String]) -> Result<Vec<&'static ErrorCodeInfo>, Failure> {
    let has = |info: &&ErrorCodeInfo| {
        let all = format!("{} {}", info.name, info.meaning).to_lowercase();
        words.iter().all(|word| all.contains(&word.to_lowercase()))
    };
    let found: Vec<_> = ErrorCode::all().iter().filter(has).collect();
    match found.is_empty() {
        false => Ok(found),
        true => {
            let words = words.join(" ");
            Err(Failure::refused(format!(
                "no code has \"{}\" in its name or meaning",
                quoted(&words)
            )))
        }
    }
}

fn row(info: &'static ErrorCodeInfo) -> Row {
    let has = |meta: &&&tencent_chat_types::Meta| {
        let in_service = info.services.is_empty() || info.services.contains(&meta.service());
        in_service
            && meta
                .errors
                .iter()
                .any(|code| (info.from..=info.to).contains(&code.0))
    };
    Row {
        from: info.from,
        to: info.to,
        name: info.name,
        meaning: info.meaning,
        who_must_act: info.class.to_string(),
        repeat_helps: info.repeat.to_string(),
        retry_after_seconds: info.retry_after,
        advice: info.advice,
        services: info.services,
        commands: ENDPOINTS.iter().filter(has).map(|meta| meta.path).collect(),
    }
}

fn text(row: &Row) -> String {
    let code = match row.from == row.to {
        true => row.from.to_string(),
        false => format!("{} to {}", row.from, row.to),
    };
    let mut facts = vec![
        ["who must act".to_owned(), row.who_must_act.clone()],
        ["a retry helps".to_owned(), row.repeat_helps.clone()],
    ];
    facts.extend(
        row.retry_after_seconds
            .map(|s| ["not before".to_owned(), format!("{s} s")]),
    );
    facts.extend(
        row.advice
            .map(|advice| ["advice".to_owned(), advice.to_owned()]),
    );
    if !row.services.is_empty() {
        facts.push(["only in".to_owned(), row.services.join(", ")]);
    }
    match row.commands.as_slice() {
        [] => {}
        some if some.len() <= 8 => facts.push(["commands".to_owned(), some.join(", ")]),
        many => facts.push(["commands".to_owned(), format!("{} of them", many.len())]),
    }
    format!(
        "{code} {}\n{}\n{}",
        row.name,
        row.meaning,
        output::table(None, facts)
    )
}
