//! Hosts, and the regions that serve a command.

use super::{
    errata::Scope,
    rules::{Rules, one_of},
};
use crate::codegen::{diagnostic::Diagnostic, load::Source, spec::EndpointFile};
use std::collections::BTreeMap;

impl Rules<'_> {
    pub(super) fn regions(&mut self) {
        let loaded = &self.spec.regions;
        let (mut ids, mut hosts) = (BTreeMap::new(), BTreeMap::new());
        self.page(&loaded.source, &loaded.file.page);
        let scope = Scope::regions(&loaded.file);
        self.errata(&loaded.source, &loaded.file.errata, &scope);
        for region in &loaded.file.regions {
            self.snake(&loaded.source, &region.id, "region");
            self.unique(
                &mut ids,
                region.id.value.clone(),
                &loaded.source,
                &region.id,
                "this region's id",
            );
            for host in std::iter::once(&region.host).chain(&region.standby_hosts) {
                let fits = host.contains('.')
                    && host.chars().all(|c| {
                        c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-'
                    });
                if !fits {
                    let message = format!("`{}` is not a host", host.value);
                    self.at(
                        &loaded.source,
                        host,
                        message,
                        "a host name without scheme, port and path",
                    );
                }
                self.unique(
                    &mut hosts,
                    host.value.clone(),
                    &loaded.source,
                    host,
                    "this host",
                );
            }
        }
    }

    pub(super) fn regions_of(&mut self, source: &Source, file: &EndpointFile) {
        let regions = &self.spec.regions.file.regions;
        let known: Vec<&str> = regions.iter().map(|region| region.id.as_str()).collect();
        let mut seen = BTreeMap::new();
        for region in &file.regions {
            self.unique(
                &mut seen,
                region.value.clone(),
                source,
                region,
                "this region",
            );
            if !known.contains(&region.as_str()) {
                let message = format!("no region has the id `{}`", region.value);
                self.push(
                    Diagnostic::new(source, region.span.clone(), message)
                        .expected(one_of(&known))
                        .suggest(region, known.iter().copied()),
                );
            }
        }
    }
}
