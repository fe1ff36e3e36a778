//! Editions of apps, as the command line names them.

use tencent_chat_types::Edition;

/// The edition of an app, which some quotas depend on.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum EditionName {
    /// Trial, developer and other free editions
    Free,
    /// Any paid edition
    Paid,
}

impl From<EditionName> for Edition {
    fn from(name: EditionName) -> Self {
        match name {
            EditionName::Free => Self::Free,
            EditionName::Paid => Self::Paid,
        }
    }
}
