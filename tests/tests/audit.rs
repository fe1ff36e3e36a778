//! `cargo xtask audit` on pages of every layout.
//!
//! The pages under `fixtures/pages` are composed for these tests; none of the vendor's text is kept here.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};
use xtask::{
    audit::{self, Finding, Grade, Kind, Report, Vocabulary},
    codegen::load::{self, Spec},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| load::load(&root().join("spec")).unwrap());
static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let spec = root().join("spec");
    Vocabulary::load(&spec, &spec).unwrap()
});

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/pages")
        .join(name);
    fs::read_to_string(path).unwrap()
}

fn audited(spec: &Spec, text: &str) -> Report {
    audit::audit_text(spec, &VOCABULARY, "page", text)
}

/// Kind and path of every finding of a grade.
fn of(report: &Report, grade: Grade) -> Vec<(Kind, &str)> {
    let found = report
        .findings
        .iter()
        .filter(|finding| finding.grade == grade);
    let mut found: Vec<_> = found
        .map(|finding| (finding.kind, finding.path.as_str()))
        .collect();
    found.sort_unstable();
    found
}

fn finding<'r>(report: &'r Report, path: &str) -> &'r Finding {
    let found = report.findings.iter().find(|finding| finding.path == path);
    found.unwrap_or_else(|| panic!("nothing about {path} in {report}"))
}

#[test]
fn a_table_that_its_own_sample_contradicts_is_explained_by_an_erratum() {
    let report = audited(&SPEC, &page("contact_group.txt"));
    assert_eq!(of(&report, Grade::Unexplained), [], "{report}");
    assert_eq!(
        of(&report, Grade::Explained),
        [
            (Kind::Type, "reply.ContactItem"),
            (Kind::Type, "reply.ContactItem[].Type")
        ]
    );
    assert!(
        finding(&report, "reply.ContactItem")
            .erratum
            .as_ref()
            .unwrap()
            .contains("get_contact_group.toml")
    );
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn an_erratum_that_the_page_no_longer_needs_is_a_note() {
    let text = page("contact_group.txt").replace("Type\nString\n1: with", "Type\nInteger\n1: with");
    let report = audited(&SPEC, &text);
    assert_eq!(
        of(&report, Grade::Explained),
        [(Kind::Type, "reply.ContactItem")]
    );
    assert_eq!(
        of(&report, Grade::ObsoleteErratum),
        [(Kind::Type, "reply.ContactItem[].Type")]
    );
    assert_eq!(report.exit_code(), 0);
}

/// The spec without some commands and without one host.
fn without(command: &str, host: &str) -> Spec {
    let mut spec = SPEC.clone();
    spec.endpoints
        .retain(|endpoint| endpoint.file.path.value != command);
    spec.regions
        .file
        .regions
        .retain(|region| region.host.value != host);
    spec
}

#[test]
fn a_command_of_a_known_service_that_the_spec_lacks_is_lacking_and_so_is_a_host() {
    let spec = without(
        "v4/group_open_http_svc/pin_message",
        "adminapiksa.im.qcloud.com",
    );
    let report = audited(&spec, &page("pin_message.md"));
    assert_eq!(
        of(&report, Grade::Unexplained),
        [
            (Kind::CommandLacking, "command"),
            (Kind::HostLacking, "adminapiksa.im.qcloud.com")
        ]
    );
    let lacking = finding(&report, "command");
    assert_eq!(lacking.page_says, "v4/group_open_http_svc/pin_message");
    assert!(lacking.spec_says.contains("the service is known"));
    assert_eq!(lacking.updated.as_deref(), Some("2026-07-02"));
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn a_sample_alone_shows_fields_and_refutes_what_is_required() {
    let mut spec = SPEC.clone();
    for endpoint in &mut spec.endpoints {
        if endpoint.file.path.value == "v4/im_open_login_svc/multiaccount_import" {
            let request = &mut endpoint.file.request.0;
            request.retain(|(name, _)| name.value == "Accounts");
            request[0].1.required = true;
            endpoint.file.errata.clear();
        }
    }
    let report = audited(&spec, &page("import_accounts.md"));
    assert_eq!(
        of(&report, Grade::Unexplained),
        [
            (Kind::FieldLacking, "request.AccountList"),
            (Kind::FieldLacking, "request.AccountList[].FaceUrl"),
            (Kind::FieldLacking, "request.AccountList[].Nick"),
            (Kind::FieldLacking, "request.AccountList[].UserID"),
            (Kind::Required, "request.Accounts"),
        ]
    );
}

/// The spec with the reply of `get_list` as it was before marks came.
fn before_marks() -> Spec {
    let mut spec = SPEC.clone();
    for endpoint in &mut spec.endpoints {
        if endpoint.file.path.value == "v4/recentcontact/get_list" {
            for (_, object) in &mut endpoint.file.types.0 {
                let lacking = ["StandardMark", "CustomMark", "ContactGroupId"];
                object
                    .fields
                    .0
                    .retain(|(name, _)| !lacking.contains(&name.value.as_str()));
            }
            endpoint.file.errata.clear();
        }
    }
    spec
}

#[test]
fn of_two_states_of_a_page_only_the_newer_has_news() {
    let spec = before_marks();
    let newer = audited(&spec, &page("list_newer.txt"));
    assert_eq!(
        of(&newer, Grade::Unexplained),
        [
            (Kind::FieldLacking, "reply.SessionItem[].ContactGroupId"),
            (Kind::FieldLacking, "reply.SessionItem[].CustomMark"),
            (Kind::FieldLacking, "reply.SessionItem[].StandardMark"),
            (Kind::Sample, "request.AssistFlags"),
        ]
    );
    let older = audited(&spec, &page("list_older.txt"));
    assert_eq!(of(&older, Grade::Unexplained), [], "{older}");
    assert_eq!(older.exit_code(), 0);
}

#[test]
fn a_table_that_lost_a_column_is_one_finding_and_its_types_still_count() {
    let report = audited(&SPEC, &page("dropped_cells.txt"));
    assert_eq!(of(&report, Grade::PageInternal), [(Kind::Page, "table")]);
    assert_eq!(
        of(&report, Grade::Unexplained),
        [(Kind::Type, "request.StartIndex")],
        "{report}"
    );
}

#[test]
fn a_column_that_a_sample_contradicts_is_the_pages_own_affair() {
    let report = audited(&SPEC, &page("list_required.md"));
    assert_eq!(of(&report, Grade::Unexplained), [], "{report}");
    assert!(
        of(&report, Grade::PageInternal)
            .contains(&(Kind::Required, "reply.ContactItem[].To_Account"))
    );
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_field_whose_text_says_when_to_leave_it_out_is_optional() {
    let report = audited(&SPEC, &page("all_if_not_given.md"));
    assert_eq!(of(&report, Grade::Unexplained), [], "{report}");
    let mut spec = SPEC.clone();
    for endpoint in &mut spec.endpoints {
        if endpoint.file.path.value == "v4/group_open_http_svc/get_group_counter" {
            let fields = &mut endpoint.file.request.0;
            let field = fields
                .iter_mut()
                .find(|(name, _)| name.value == "GroupCounterKeys");
            field.unwrap().1.required = true;
        }
    }
    let report = audited(&spec, &page("all_if_not_given.md"));
    assert_eq!(
        of(&report, Grade::Unexplained),
        [(Kind::Required, "request.GroupCounterKeys")]
    );
}

#[test]
fn the_address_of_the_request_says_what_a_page_is_about() {
    let report = audited(&SPEC, &page("other_name.md"));
    assert_eq!(
        report.findings[0].command.as_deref(),
        Some("v4/recentcontact/get_contact_group")
    );
    assert_eq!(of(&report, Grade::Unexplained), [], "{report}");
    let named: Vec<&str> = (report.findings.iter())
        .filter(|finding| finding.grade == Grade::PageInternal)
        .map(|finding| finding.page_says.as_str())
        .collect();
    assert_eq!(
        named,
        [
            "parameter row: v4/recentcontact/del_contact_group",
            "link of the debugging tool: v4/recentcontact/mark_contact"
        ]
    );
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn the_page_of_error_codes_is_held_against_the_table_of_codes() {
    let mut spec = SPEC.clone();
    let file = &mut spec.errors.file;
    file.codes.retain(|code| code.code.value != 10003);
    file.ranges
        .retain(|range| range.from.value > 39000 || range.to < 38000);
    file.errata.clear();
    let report = audited(&spec, &page("error_codes.txt"));
    assert_eq!(
        of(&report, Grade::Unexplained),
        [
            (Kind::CodeLacking, "10003"),
            (Kind::CodeLacking, "199999"),
            (Kind::CodeLacking, "38000-39000"),
            (Kind::CodeMeaning, "50002"),
        ],
        "{report}"
    );
}

#[test]
fn another_product_is_foreign_and_an_unknown_service_is_lacking() {
    for name in ["desk.md", "call_webhook.md"] {
        let report = audited(&SPEC, &page(name));
        assert_eq!(
            of(&report, Grade::OtherService),
            [(Kind::Page, "command")],
            "{name}: {report}"
        );
        assert_eq!(report.exit_code(), 0, "{name}");
    }
    let report = audited(&SPEC, &page("new_service.md"));
    assert_eq!(
        of(&report, Grade::Unexplained),
        [(Kind::CommandLacking, "command")]
    );
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn a_sentence_that_quotes_a_part_of_a_body_is_no_sample() {
    let text = page("contact_group.txt").replace(
        "Sample request\n",
        "Sample request\n\nTo go on the first request is: {\"StartIndex\": 20}, and the second one another.\n",
    );
    let report = audited(&SPEC, &text);
    assert_eq!(of(&report, Grade::Unexplained), [], "{report}");
    // A truncated sample ends at the sentence, whatever that quotes.
    let text = page("contact_group.txt").replace(
        "Sample request\n",
        "Sample request\n\n{\n\"From_Account\":\"lin\",\n\"StartIndex\": [\n....\nThe next request has {\"Flavour\": 20}.\n",
    );
    let report = audited(&SPEC, &text);
    let lacking = of(&report, Grade::Unexplained);
    assert!(
        !lacking.contains(&(Kind::FieldLacking, "request.StartIndex[].Flavour")),
        "{report}"
    );
    assert!(
        !lacking.iter().any(|(kind, _)| *kind == Kind::FieldLacking),
        "{report}"
    );
}

#[test]
fn a_quota_in_a_long_sentence_counts_below_an_unmarked_heading() {
    let text = page("contact_group.txt").replace(
        "Maximum call frequency\n\n200 calls per second",
        "Maximum invocation frequency\n\nThe maximum invocation frequency is 201 times per second.",
    );
    let report = audited(&SPEC, &text);
    assert_eq!(
        of(&report, Grade::Unexplained),
        [(Kind::Quota, "quota")],
        "{report}"
    );
}

#[test]
fn what_a_sample_leaves_out_on_purpose_is_not_lacking() {
    let report = audited(&SPEC, &page("ellipsis.md"));
    assert_eq!(of(&report, Grade::Unexplained), [], "{report}");
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_failed_download_is_never_fine() {
    for text in [
        "",
        "  \n ",
        &page("not_found.html"),
        "Just a text about tea.",
        "{ \"A\": 1 }",
    ] {
        let report = audited(&SPEC, text);
        assert_eq!(
            of(&report, Grade::Unusable),
            [(Kind::Page, "page")],
            "{text}"
        );
        assert_eq!(report.exit_code(), 2, "{text}");
    }
}

/// Exit codes, baseline and folders, over files.
mod files {
    use super::*;

    fn folder(test: &str) -> PathBuf {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("audit")
            .join(test);
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("pages/inner")).unwrap();
        dir
    }

    fn options(dir: &Path) -> audit::Options {
        audit::Options {
            spec: root().join("spec"),
            fallback: root().join("spec"),
            pages: vec![dir.join("pages")],
            ..audit::Options::default()
        }
    }

    #[test]
    fn a_baseline_accepts_what_it_lists_and_nothing_else() {
        let dir = folder("baseline");
        fs::write(dir.join("pages/inner/new.md"), page("new_service.md")).unwrap();
        fs::write(dir.join("pages/fine.txt"), page("contact_group.txt")).unwrap();
        let mut options = options(&dir);
        let report = audit::run(&options, |_, _| {}).unwrap();
        assert_eq!((report.pages, report.exit_code()), (2, 1));
        let lines: Vec<String> = report
            .findings
            .iter()
            .map(|f| serde_json::to_string(f).unwrap())
            .collect();
        fs::write(dir.join("baseline.jsonl"), lines.join("\n")).unwrap();
        options.baseline = Some(dir.join("baseline.jsonl"));
        // Saved again under another name.
        fs::rename(dir.join("pages/inner/new.md"), dir.join("pages/again.md")).unwrap();
        let report = audit::run(&options, |_, _| {}).unwrap();
        assert_eq!(report.exit_code(), 0, "{report}");
        fs::write(
            dir.join("pages/other.md"),
            page("new_service.md").replace("weather", "tide"),
        )
        .unwrap();
        assert_eq!(audit::run(&options, |_, _| {}).unwrap().exit_code(), 1);
        fs::write(dir.join("pages/empty.md"), "").unwrap();
        assert_eq!(audit::run(&options, |_, _| {}).unwrap().exit_code(), 2);
        fs::write(dir.join("baseline.jsonl"), "not a finding").unwrap();
        let mistakes = audit::run(&options, |_, _| {}).unwrap_err().render();
        assert!(mistakes.contains("line 1 is not a finding"), "{mistakes}");
    }

    #[test]
    fn what_is_no_page_is_an_error_of_the_caller() {
        let dir = folder("nothing");
        let mistakes = audit::run(&options(&dir), |_, _| {}).unwrap_err().render();
        assert!(mistakes.contains("the folder holds no page"), "{mistakes}");
        let mut options = options(&dir);
        options.pages = vec![dir.join("missing.md")];
        let mistakes = audit::run(&options, |_, _| {}).unwrap_err().render();
        assert!(
            mistakes.contains("there is no such file or folder"),
            "{mistakes}"
        );
    }

    #[test]
    fn strict_counts_what_only_the_spec_has_and_coverage_lists_files_without_a_page() {
        let dir = folder("strict");
        // Something that a page older than the spec lacks says nothing.
        let text = page("contact_group.txt")
            .replace("51013\nThe edition lacks it.\n", "")
            .replace("2023-03-01", "2026-04-15");
        fs::write(dir.join("pages/page.txt"), text).unwrap();
        let mut options = options(&dir);
        assert_eq!(audit::run(&options, |_, _| {}).unwrap().exit_code(), 0);
        options.strict = true;
        options.coverage = true;
        let report = audit::run(&options, |_, _| {}).unwrap();
        assert_eq!(report.exit_code(), 1);
        assert!(of(&report, Grade::SpecOnly).contains(&(Kind::CodeLacking, "51013")));
        let files = report.without_page.unwrap();
        assert_eq!(
            files.len() + 1,
            SPEC.endpoints.len() + SPEC.webhooks.as_ref().unwrap().events.len()
        );
        assert!(
            !files
                .iter()
                .any(|file| file.ends_with("get_contact_group.toml"))
        );
    }
}

/// `cargo xtask audit --accept`: the digest of a page when it was compared.
mod accepted {
    use super::*;

    /// A spec of its own, in which the page's file has no digest.
    fn options(test: &str) -> audit::Options {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("accept")
            .join(test);
        let _ = fs::remove_dir_all(&dir);
        copy(&root().join("spec"), &dir.join("spec"));
        fs::create_dir_all(dir.join("pages")).unwrap();
        let options = audit::Options {
            spec: dir.join("spec"),
            fallback: root().join("spec"),
            pages: vec![dir.join("pages")],
            ..audit::Options::default()
        };
        hold(&options, "page = { id = 53440, source = \"a page\" }");
        options
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().flatten() {
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }

    fn spec_file(options: &audit::Options) -> PathBuf {
        let file = "endpoints/conversation/get_contact_group.toml";
        options.spec.join(file)
    }

    /// The line of the spec file about the compared page.
    fn held(options: &audit::Options) -> String {
        let text = fs::read_to_string(spec_file(options)).unwrap();
        let mut lines = text.lines();
        lines
            .find(|line| line.starts_with("page = "))
            .unwrap()
            .to_owned()
    }

    fn hold(options: &audit::Options, line: &str) {
        let text = fs::read_to_string(spec_file(options)).unwrap();
        let old = held(options);
        fs::write(spec_file(options), text.replace(&old, line)).unwrap();
    }

    fn save(options: &audit::Options, name: &str, text: &str) {
        fs::write(options.pages[0].join(name), text).unwrap();
    }

    fn accept(options: &audit::Options) -> Vec<String> {
        let report = audit::run(options, |_, _| {}).unwrap();
        audit::accept(options, &report).unwrap()
    }

    /// The findings about the page's digest.
    fn change(options: &audit::Options) -> Option<String> {
        let report = audit::run(options, |_, _| {}).unwrap();
        let found = report.findings.into_iter();
        found
            .filter(|finding| finding.path == "page.digest")
            .map(|finding| finding.page_says)
            .next()
    }

    #[test]
    fn an_accepted_page_is_noted_with_its_date_and_a_changed_copy_of_it_is_told() {
        let options = options("changed");
        let text = page("contact_group.txt");
        save(&options, "page.txt", &text);
        let file = "spec/endpoints/conversation/get_contact_group.toml";
        assert_eq!(accept(&options), [file]);
        let line = held(&options);
        assert!(
            line.starts_with(
                "page = { id = 53440, source = \"a page\", updated = 2023-03-01, digest = \"en-"
            ),
            "{line}"
        );
        assert_eq!(accept(&options), [""; 0], "nothing is new");
        assert_eq!(change(&options), None);
        // Blank lines change nothing.
        save(&options, "page.txt", &text.replace('\n', "\n\n"));
        assert_eq!(change(&options), None);
        let prose = text.replace("Whose conversations", "The user whose conversations");
        save(&options, "page.txt", &prose);
        let says = change(&options).unwrap();
        assert!(says.contains("its sentences have changed"), "{says}");
        save(&options, "page.txt", &text.replace("51013\n", "51099\n"));
        let says = change(&options).unwrap();
        assert!(says.contains("its facts have changed"), "{says}");
        // A later state replaces an accepted one.
        save(&options, "page.txt", &prose);
        assert_eq!(accept(&options), [file]);
        assert_eq!(change(&options), None);
        let digests = held(&options).matches("digest").count();
        assert_eq!(digests, 1, "{}", held(&options));
        load::load(&options.spec).unwrap();
    }

    #[test]
    fn a_page_of_another_date_is_not_what_the_file_was_compared_with() {
        let options = options("other_date");
        save(&options, "page.txt", &page("contact_group.txt"));
        let line = "page = { id = 53440, updated = 2026-04-14, source = \"a page\" }";
        hold(&options, line);
        assert_eq!(accept(&options), [""; 0]);
        assert_eq!(held(&options), line);
    }

    #[test]
    fn of_two_different_pages_without_a_newer_one_none_is_noted() {
        let options = options("two");
        let text = page("contact_group.txt");
        save(&options, "one.txt", &text);
        save(&options, "two.txt", &text.replace("51013\n", "51099\n"));
        assert_eq!(accept(&options), [""; 0]);
        let newer = text
            .replace("2023-03-01", "2024-05-02")
            .replace("51013\n", "51099\n");
        save(&options, "two.txt", &newer);
        assert_eq!(accept(&options).len(), 1);
        assert!(held(&options).contains("updated = 2024-05-02"));
    }
}

/// Ways in which the same page is saved. Its content must not depend on them.
mod shapes {
    use super::*;

    /// A small page: names, types, whether required, texts.
    const REQUEST: [[&str; 4]; 3] = [
        [
            "From_Account",
            "String",
            "Yes",
            "Whose conversations are read",
        ],
        ["StartIndex", "String", "Yes", "Where the page starts"],
        ["Colour", "Integer", "No", "A new field of the request"],
    ];
    const REPLY: [[&str; 3]; 4] = [
        ["ErrorCode", "Integer", "0: it worked"],
        ["ContactItem", "Array", "Conversations"],
        ["CompleteFlag", "Integer", "1 on the last page"],
        ["Shape", "Array", "A new field of the reply"],
    ];
    const CODES: [[&str; 2]; 3] = [
        ["50001", "Nobody has imported the user."],
        ["50002", "A parameter is wrong."],
        ["59999", "A new code."],
    ];
    const URL: &str = "https://xxxxxx/v4/recentcontact/get_contact_group?sdkappid=1&identifier=admin&usersig=xxx&random=1&contenttype=json";
    const HOSTS: &str = "China: console.tim.qq.com Mars: adminapimars.im.qcloud.com";
    const SAMPLE: [&str; 5] = [
        "{",
        "\"From_Account\": \"lin\",",
        "\"StartIndex\": \"0\",",
        "\"Flavour\": [\"sweet\"]",
        "}",
    ];

    /// Headings and headers in a language.
    struct Words {
        parts: [&'static str; 6],
        headers: [&'static str; 4],
        code: &'static str,
        yes: &'static str,
        no: &'static str,
        quota: &'static str,
    }

    const ENGLISH: Words = Words {
        parts: [
            "Sample request URL",
            "Maximum call frequency",
            "Sample request",
            "Request fields",
            "Response fields",
            "Error Codes",
        ],
        headers: ["Field", "Type", "Required", "Description"],
        code: "Error Code",
        yes: "Yes",
        no: "No",
        quota: "300 calls per second",
    };
    const CHINESE: Words = Words {
        parts: [
            "请求 URL 示例",
            "最高调用频率",
            "请求包示例",
            "请求包字段说明",
            "应答包字段说明",
            "错误码说明",
        ],
        headers: ["字段", "类型", "属性", "说明"],
        code: "错误码",
        yes: "必填",
        no: "选填",
        quota: "每秒300次",
    };

    /// A table in some shape: headers and rows.
    type Table<'t> = dyn Fn(&[&str], &[Vec<String>]) -> String + 't;

    fn tables(words: &Words) -> [(Vec<&'static str>, Vec<Vec<String>>); 3] {
        let h = words.headers;
        let owned = |row: &[&str]| {
            row.iter()
                .map(|cell| (*cell).to_owned())
                .collect::<Vec<_>>()
        };
        let request = REQUEST.map(|[name, ty, required, text]| {
            owned(&[
                name,
                ty,
                if required == "Yes" {
                    words.yes
                } else {
                    words.no
                },
                text,
            ])
        });
        [
            (h.to_vec(), request.to_vec()),
            (
                vec![h[0], h[1], h[3]],
                REPLY.map(|row| owned(&row)).to_vec(),
            ),
            (
                vec![words.code, h[3]],
                CODES.map(|row| owned(&row)).to_vec(),
            ),
        ]
    }

    fn render(
        words: &Words,
        heading: &dyn Fn(&str) -> String,
        code: &dyn Fn(&[&str]) -> String,
        table: &Table<'_>,
    ) -> String {
        let [request, reply, codes] = tables(words);
        let p = words.parts.map(heading);
        let end = heading(if words.yes == "Yes" {
            "References"
        } else {
            "参考"
        });
        [
            p[0].clone(),
            code(&[URL]),
            HOSTS.to_owned(),
            p[1].clone(),
            words.quota.to_owned(),
            p[2].clone(),
            code(&SAMPLE),
            p[3].clone(),
            table(&request.0, &request.1),
            p[4].clone(),
            table(&reply.0, &reply.1),
            p[5].clone(),
            table(&codes.0, &codes.1),
            end,
        ]
        .join("\n\n")
    }

    fn cell_a_line(headers: &[&str], rows: &[Vec<String>]) -> String {
        let rows = rows.iter().map(|row| row.join("\n"));
        std::iter::once(headers.join("\n"))
            .chain(rows)
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn pipes(leading: &'static str, rule: bool) -> impl Fn(&[&str], &[Vec<String>]) -> String {
        move |headers, rows| {
            let mut lines = vec![format!("{leading}{} |", headers.join(" | "))];
            if rule {
                lines.push(format!("|{}", "---|".repeat(headers.len())));
            }
            lines.extend(
                rows.iter()
                    .map(|row| format!("{leading}{} |", row.join(" | "))),
            );
            lines.join("\n")
        }
    }

    fn html_table(headers: &[&str], rows: &[Vec<String>]) -> String {
        let row = |tag: &str, cells: Vec<String>| {
            let cells: Vec<String> = cells
                .iter()
                .map(|cell| format!("<{tag}><p>{cell}</p></{tag}>"))
                .collect();
            format!("<tr>{}</tr>", cells.join(""))
        };
        let head = row("th", headers.iter().map(|h| (*h).to_owned()).collect());
        let body: Vec<String> = rows.iter().map(|cells| row("td", cells.clone())).collect();
        format!(
            "<table><thead>{head}</thead><tbody>{}</tbody></table>",
            body.join("")
        )
    }

    fn shapes(words: &Words) -> Vec<(&'static str, String)> {
        let plain = |text: &str| text.to_owned();
        let lines = |text: &[&str]| text.join("\n");
        let fence = |text: &[&str]| format!("```\n{}\n```", text.join("\n"));
        let one_line = |text: &[&str]| format!("```\n{}\n```", text.join(" "));
        let commented = |text: &[&str]| {
            let text: Vec<String> = text
                .iter()
                .map(|line| format!("{line} // quite \"tasty\": yes"))
                .collect();
            format!("```\n{}\n```", text.join("\n"))
        };
        let marked = |text: &str| format!("### {text}");
        let html_heading = |text: &str| format!("<h2 class=\"anchor\"><span>{text}</span></h2>");
        let html_code = |text: &[&str]| format!("<pre><code>{}</code></pre>", text.join("\n"));
        let glued = |headers: &[&str], rows: &[Vec<String>]| {
            let rows = rows
                .iter()
                .map(|row| format!("{} {}\n{}", row[0], row[1], row[2..].join("\n")));
            std::iter::once(headers.join("\n"))
                .chain(rows)
                .collect::<Vec<_>>()
                .join("\n")
        };
        let tabs = |headers: &[&str], rows: &[Vec<String>]| {
            let rows = rows.iter().map(|row| row.join("\t"));
            std::iter::once(headers.join("\t"))
                .chain(rows)
                .collect::<Vec<_>>()
                .join("\n")
        };
        let page = |body: String| {
            let menu = "<nav><ul><li>Field</li><li>Sending One-to-One Messages</li><li>v4/openim/sendmsg</li></ul></nav>";
            let feedback = "<div class=\"doc-feedback\">Yes No</div><footer>Type String</footer>";
            format!(
                "<!DOCTYPE html><html><head><title>Chat</title></head><body>{menu}<main><div>{body}</div></main>{feedback}</body></html>"
            )
        };
        vec![
            (
                "Markdown",
                render(words, &marked, &fence, &pipes("| ", true)),
            ),
            (
                "Markdown, samples on one line",
                render(words, &marked, &one_line, &pipes("| ", true)),
            ),
            (
                "Markdown, samples with comments",
                render(words, &marked, &commented, &pipes("| ", true)),
            ),
            (
                "pipes without a rule",
                render(words, &plain, &lines, &pipes("", false)),
            ),
            (
                "pipes with a leading one",
                render(words, &plain, &lines, &pipes("| ", false)),
            ),
            (
                "one cell a line",
                render(words, &plain, &lines, &cell_a_line),
            ),
            ("tabs", render(words, &plain, &lines, &tabs)),
            ("name and type glued", render(words, &plain, &lines, &glued)),
            (
                "HTML with frames",
                page(render(words, &html_heading, &html_code, &html_table)),
            ),
        ]
    }

    #[test]
    fn the_same_page_in_every_shape_and_language_gets_the_same_verdicts() {
        let expected = [
            (Kind::FieldLacking, "reply.Shape"),
            (Kind::FieldLacking, "request.Colour"),
            (Kind::FieldLacking, "request.Flavour"),
            (Kind::Type, "request.StartIndex"),
            (Kind::CodeLacking, "59999"),
            (Kind::Quota, "quota"),
            (Kind::HostLacking, "adminapimars.im.qcloud.com"),
        ];
        for (language, words) in [("English", &ENGLISH), ("Chinese", &CHINESE)] {
            for (shape, text) in shapes(words) {
                let report = audited(&SPEC, &text);
                assert_eq!(
                    of(&report, Grade::Unexplained),
                    expected,
                    "{language}, {shape}: {report}\n{text}"
                );
            }
        }
    }

    #[test]
    fn what_a_cut_page_lacks_says_nothing_and_what_it_has_still_counts() {
        for (shape, text) in shapes(&ENGLISH) {
            let start = text.find("ContactItem").unwrap();
            let cut = &text[..start];
            let report = audited(&SPEC, cut);
            assert_eq!(of(&report, Grade::SpecOnly), [], "{shape}: {report}");
            let found = of(&report, Grade::Unexplained);
            assert!(
                found.contains(&(Kind::FieldLacking, "request.Colour")),
                "{shape}: {report}"
            );
            assert!(
                found.contains(&(Kind::Type, "request.StartIndex")),
                "{shape}: {report}"
            );
        }
    }
}

/// `cargo xtask draft`.
mod drafts {
    use super::*;
    use xtask::{
        audit::{draft::drafts, extract::facts, page},
        codegen::{
            check,
            diagnostic::Diagnostics,
            rows, samples,
            spec::{At, EndpointFile, Field, Ordered},
        },
    };

    fn drafted(text: &str) -> (EndpointFile, String) {
        let page = page::parse(text, &VOCABULARY);
        let facts = facts(&page, &VOCABULARY);
        let drafts = drafts(&SPEC, &VOCABULARY, &[&facts], |_| true);
        assert_eq!(drafts.len(), 1);
        assert_eq!(
            drafts[0].file,
            "endpoints/conversation/get_contact_group.toml"
        );
        let toml = drafts[0].toml.clone();
        let source = load::Source {
            path: "spec/endpoints/conversation/get_contact_group.toml".to_owned(),
            text: toml.clone(),
        };
        let mut file: EndpointFile =
            load::parse(&source).unwrap_or_else(|mistakes| panic!("{}{toml}", mistakes.render()));
        let rows = &SPEC.fields.as_ref().unwrap().file.rows;
        let mut mistakes = Diagnostics::default();
        for fields in [&mut file.request, &mut file.reply] {
            rows::fill_in(&source, fields, rows, &mut mistakes);
        }
        assert!(mistakes.is_empty(), "{}{toml}", mistakes.render());
        (file, toml)
    }

    fn fields(fields: &Ordered<Field>) -> Vec<(String, String, bool)> {
        let fields = fields.iter();
        fields
            .map(|(name, field)| (name.value.clone(), field.ty.value.clone(), field.required))
            .collect()
    }

    #[test]
    fn a_draft_has_the_fields_errors_and_paging_of_the_file_that_a_person_wrote() {
        let (draft, _) = drafted(&page("contact_group.txt"));
        let ours = SPEC
            .endpoints
            .iter()
            .find(|endpoint| endpoint.name == "get_contact_group")
            .unwrap();
        let ours = &ours.file;
        assert_eq!(draft.path.value, ours.path.value);
        assert_eq!(fields(&draft.request), fields(&ours.request));
        assert_eq!(fields(&draft.reply), fields(&ours.reply));
        let codes = |file: &EndpointFile| {
            file.errors
                .iter()
                .map(|code| code.value)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(&draft), codes(ours));
        assert_eq!(format!("{:?}", draft.paging), format!("{:?}", ours.paging));
        assert_eq!(format!("{:?}", draft.repeat), format!("{:?}", ours.repeat));
        assert_eq!(draft.title, "Listing marked conversations");
        assert_eq!(draft.page.updated.as_ref().unwrap().value.0, "2023-03-01");
    }

    #[test]
    fn a_draft_names_a_row_where_the_spec_has_just_one_for_a_field() {
        let text = page("contact_group.txt");
        let of = |spec: &Spec| {
            let page = page::parse(&text, &VOCABULARY);
            let facts = facts(&page, &VOCABULARY);
            drafts(spec, &VOCABULARY, &[&facts], |_| true).remove(0)
        };
        let line = |toml: &str| {
            let mut lines = toml.lines().filter(|line| line.starts_with("CompleteFlag"));
            lines.next().unwrap().to_owned()
        };
        let mut spec = SPEC.clone();
        let mut named = Vec::new();
        for endpoint in &mut spec.endpoints {
            let fields = endpoint.file.reply.0.iter_mut();
            named.extend(
                fields
                    .filter(|(name, _)| name.value == "CompleteFlag")
                    .map(|(_, field)| field),
            );
        }
        let row = named.iter().find_map(|field| field.row.clone()).unwrap();
        assert_eq!(row.value, "is_last_page");
        for field in named {
            field.row = Some(row.clone());
        }
        assert_eq!(
            line(&of(&spec).toml),
            r#"CompleteFlag = { row = "is_last_page", required = true }"#
        );
        // If a field has several meanings, a person chooses.
        let draft = of(&SPEC);
        assert_eq!(
            line(&draft.toml),
            r#"CompleteFlag = { type = "flag", required = true, doc = "" }"#
        );
        let note = "CompleteFlag may be one of the rows is_last_page";
        assert!(
            draft.notes.iter().any(|have| have == note),
            "{:?}",
            draft.notes
        );
    }

    #[test]
    fn a_draft_is_refused_until_a_person_has_written_its_sentences() {
        let (draft, toml) = drafted(&page("contact_group.txt"));
        let mut spec = SPEC.clone();
        let place = |spec: &mut Spec, file: EndpointFile, text: &str| {
            let endpoint = spec
                .endpoints
                .iter_mut()
                .find(|endpoint| endpoint.name == "get_contact_group")
                .unwrap();
            endpoint.source = std::sync::Arc::new(load::Source {
                path: endpoint.source.path.clone(),
                text: text.to_owned(),
            });
            endpoint.file = file;
        };
        place(&mut spec, draft.clone(), &toml);
        let mistakes = check::check(&spec).render();
        assert!(mistakes.contains("in our own words"), "{mistakes}");
        assert!(
            samples::check(&spec).is_empty(),
            "{}",
            samples::check(&spec).render()
        );

        let mut finished = draft;
        let write = |text: &mut At<String>, about: &str| {
            text.value = format!("A sentence on {about}.");
        };
        write(&mut finished.summary, "the command");
        // The person takes the rows that we took.
        let ours = |name: &str| {
            let endpoint = SPEC
                .endpoints
                .iter()
                .find(|e| e.name == "get_contact_group");
            let file = &endpoint.unwrap().file;
            let field = file.request.get(name).or_else(|| file.reply.get(name));
            field.filter(|field| field.row.is_some())
        };
        let fields = finished.request.0.iter_mut().chain(&mut finished.reply.0);
        for (name, field) in fields.filter(|(_, field)| field.row.is_none()) {
            match ours(name) {
                Some(ours) => *field = ours.clone(),
                None => write(&mut field.doc, &name.value),
            }
        }
        place(&mut spec, finished, &toml);
        let mistakes = check::check(&spec);
        assert!(mistakes.is_empty(), "{}", mistakes.render());
    }
}

#[test]
fn a_changed_page_is_told_from_one_that_was_compared_even_where_only_prose_changed() {
    let text = page("contact_group.txt");
    let mut spec = SPEC.clone();
    let digest = audited(&spec, &text).digests[0].digest.clone();
    for endpoint in &mut spec.endpoints {
        if endpoint.name == "get_contact_group" {
            let span = 0..0;
            let page = &mut endpoint.file.page.value;
            page.updated = None;
            page.digest = Some(xtask::codegen::spec::At {
                value: digest.clone(),
                span,
            });
        }
    }
    let changes = |text: &str| {
        let report = audited(&spec, text);
        let changed = report
            .findings
            .into_iter()
            .find(|finding| finding.path == "page.digest");
        changed.map(|finding| (finding.page_says, finding.grade))
    };
    assert_eq!(changes(&text), None);
    let (says, grade) =
        changes(&text.replace("Whose conversations", "The user whose conversations")).unwrap();
    assert!(says.contains("its sentences have changed"), "{says}");
    assert_eq!(grade, Grade::SpecOnly);
    let (says, _) = changes(&text.replace("51013\n", "51099\n")).unwrap();
    assert!(says.contains("its facts have changed"), "{says}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_page_with_findings_or_unusable(text in "(?s).{0,400}") {
        let report = audited(&SPEC, &text);
        prop_assert_eq!(report.exit_code(), 2);
    }

    /// Pieces of pages in any order, truncated anywhere: no panic, and a page about nothing is never fine.
    #[test]
    fn pieces_of_pages_never_panic_and_are_never_fine_by_accident(
        picks in prop::collection::vec((0_usize..16, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6)
    ) {
        let names = [
            "contact_group.txt", "pin_message.md", "import_accounts.md", "list_older.txt", "list_newer.txt", "dropped_cells.txt",
            "list_required.md", "all_if_not_given.md", "other_name.md", "error_codes.txt", "desk.md", "call_webhook.md",
            "new_service.md", "ellipsis.md", "not_found.html", "contact_group.txt",
        ];
        let mut text = String::new();
        for (name, from, to) in picks {
            let page = page(names[name]);
            let chars: Vec<char> = page.chars().collect();
            let (from, to) = (from.index(chars.len()), to.index(chars.len()));
            text.extend(&chars[from.min(to)..from.max(to)]);
        }
        let report = audited(&SPEC, &text);
        let about_something = text.contains("v4/") || text.contains("CallbackCommand") || text.contains("错误码") || text.contains("Error Code")
            || text.contains("TIMLocationElem");
        prop_assert!(about_something || report.exit_code() == 2, "{}", report);
    }
}
