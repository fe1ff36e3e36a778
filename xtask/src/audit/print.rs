//! The report for people: missing commands first, then file by file.

use super::{
    compare::{Grade, Kind},
    report::{Finding, Report},
};
use std::{collections::BTreeMap, fmt};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lacking(f)?;
        self.files(f)?;
        self.unusable(f)?;
        if let Some(files) = &self.without_page {
            writeln!(f, "Spec files without a page here: {}", files.len())?;
            for file in files {
                writeln!(f, "  {file}")?;
            }
            writeln!(f)?;
        }
        for known in &self.stale_baseline {
            writeln!(
                f,
                "The baseline lists a finding that no longer occurs: {known}"
            )?;
        }
        let count = |grade: Grade| {
            self.findings
                .iter()
                .filter(|finding| finding.grade == grade)
                .count()
        };
        write!(
            f,
            "{} pages in {} ms: {} unexplained",
            self.pages,
            self.milliseconds,
            count(Grade::Unexplained)
        )?;
        for (grade, word) in [
            (Grade::Explained, "explained"),
            (Grade::PageInternal, "within pages"),
            (Grade::SpecOnly, "only in the spec"),
            (Grade::ObsoleteErratum, "obsolete errata"),
            (Grade::OtherService, "of other products"),
            (Grade::Unusable, "unusable"),
        ] {
            if count(grade) > 0 {
                write!(f, ", {} {word}", count(grade))?;
            }
        }
        if self.accepted > 0 {
            write!(f, ", {} in the baseline", self.accepted)?;
        }
        Ok(())
    }
}

impl Report {
    fn lacking(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut commands: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in self
            .findings
            .iter()
            .filter(|finding| finding.kind == Kind::CommandLacking)
        {
            commands
                .entry(&finding.page_says)
                .or_default()
                .push(finding);
        }
        if commands.is_empty() {
            return Ok(());
        }
        writeln!(f, "Lacking commands: {}", commands.len())?;
        for (command, findings) in commands {
            writeln!(f, "  {command}  ({})", findings[0].spec_says)?;
            for finding in findings {
                writeln!(f, "    {}", place(finding))?;
            }
        }
        writeln!(f)
    }

    fn files(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut files: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in &self.findings {
            let shown = match finding.grade {
                Grade::Unexplained | Grade::ObsoleteErratum => true,
                Grade::SpecOnly => self.strict || finding.path == "page.digest",
                Grade::PageInternal | Grade::Explained => self.strict,
                Grade::OtherService | Grade::Unusable => false,
            };
            if shown && finding.kind != Kind::CommandLacking {
                let file = finding.spec_file.as_deref().unwrap_or(match finding.kind {
                    Kind::HostLacking => "spec/regions.toml",
                    Kind::CodeLacking | Kind::CodeMeaning => "spec/errors.toml",
                    _ => "no spec file",
                });
                files.entry(file).or_default().push(finding);
            }
        }
        for (file, findings) in files {
            writeln!(f, "{file}")?;
            for finding in findings {
                let grade = match finding.grade {
                    Grade::Unexplained => "",
                    Grade::Explained => " [explained]",
                    Grade::PageInternal => " [the page contradicts itself]",
                    Grade::SpecOnly => " [only in the spec]",
                    Grade::ObsoleteErratum => " [obsolete erratum]",
                    Grade::OtherService | Grade::Unusable => " [not compared]",
                };
                writeln!(
                    f,
                    "  {:13} {}{grade}: the page says {}; the spec says {}",
                    finding.kind.word(),
                    finding.path,
                    quoted(&finding.page_says),
                    quoted(&finding.spec_says)
                )?;
                writeln!(f, "                {}", place(finding))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn unusable(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unusable: Vec<&Finding> = (self.findings.iter())
            .filter(|finding| matches!(finding.grade, Grade::Unusable | Grade::OtherService))
            .collect();
        if unusable.is_empty() {
            return Ok(());
        }
        writeln!(f, "Not compared: {}", unusable.len())?;
        for finding in unusable {
            let why = match finding.grade {
                Grade::OtherService => format!("{} belongs to another product", finding.page_says),
                _ => finding.page_says.clone(),
            };
            writeln!(f, "  {}: {why}", finding.page)?;
        }
        writeln!(f)
    }
}

fn place(finding: &Finding) -> String {
    let mut place = finding.page.clone();
    if finding.line > 0 {
        place.push_str(&format!(":{}", finding.line));
    }
    if let Some(updated) = &finding.updated {
        place.push_str(&format!(" of {updated}"));
    }
    place
}

/// Pages are text from outside: shown on one line, cut, without control characters.
fn quoted(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(160)
        .collect();
    if clean.is_empty() {
        "nothing".to_owned()
    } else {
        clean
    }
}

impl Kind {
    /// As `--json` writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::CommandLacking => "command-lacking",
            Self::FieldLacking => "field-lacking",
            Self::Type => "type",
            Self::Required => "required",
            Self::Limit => "limit",
            Self::EnumValue => "enum-value",
            Self::CodeLacking => "code-lacking",
            Self::CodeMeaning => "code-meaning",
            Self::Quota => "quota",
            Self::HostLacking => "host-lacking",
            Self::Sample => "sample",
            Self::Page => "page",
        }
    }
}
