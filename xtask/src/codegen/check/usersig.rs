//! The UserSig document.

use super::rules::Rules;
use std::collections::BTreeMap;

impl Rules<'_> {
    pub(super) fn usersig(&mut self) {
        let loaded = &self.spec.usersig;
        self.page(&loaded.source, &loaded.file.page);
        let (mut seen, mut constants) = (BTreeMap::new(), BTreeMap::new());
        for privilege in &loaded.file.privileges {
            self.constant(&loaded.source, &privilege.name);
            self.unique(
                &mut constants,
                privilege.name.value.clone(),
                &loaded.source,
                &privilege.name,
                "this name",
            );
            if privilege.name.value == "ALL" {
                let message = "`ALL` is built in: it has every bit";
                self.at(&loaded.source, &privilege.name, message, "another name");
            }
            self.unique(
                &mut seen,
                privilege.bit,
                &loaded.source,
                &privilege.name,
                "this bit",
            );
            if privilege.bit > 31 {
                self.at(
                    &loaded.source,
                    &privilege.name,
                    "rights have 32 bits",
                    "a bit from 0 to 31",
                );
            }
        }
        for pair in &loaded.file.alphabet {
            if !pair.base64.is_ascii() || !pair.wire.is_ascii() {
                self.at(
                    &loaded.source,
                    &pair.base64,
                    "base64 is ASCII",
                    "ASCII characters",
                );
            }
        }
    }
}
