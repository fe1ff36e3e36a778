//! Who may use the control API and see the page.

use super::problem::Problem;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};
use subtle::ConstantTimeEq;
use tencent_chat_usersig::SecretKey;

/// What a request must have.
#[derive(Clone, Default)]
pub(crate) struct Access {
    pub(crate) token: Option<SecretKey>,
    /// Names of this machine besides loopback, in small letters.
    pub(crate) hosts: BTreeSet<String>,
    /// Whether the control API may send webhooks to other machines.
    pub(crate) any_host: bool,
}

impl Access {
    /// Checks a request to a server that listens on an address.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        ip: IpAddr,
        needs_token: bool,
    ) -> Result<(), Problem> {
        let host = text(headers, header::HOST).unwrap_or_default();
        if !self.is_own(host, ip) {
            return Err(Problem::new(
                StatusCode::MISDIRECTED_REQUEST,
                "the request is for another host",
            )
            .expected(
                "a Host header with localhost, a loopback address or the address of the server",
            )
            .suggestion(
                "name further hosts when the server is started (allow_hosts, --allow-host)",
            ));
        }
        // A website can make a browser send requests here; the browser says where they come from.
        let origin = text(headers, header::ORIGIN);
        let is_same = |origin: &str| {
            let plain = origin.strip_prefix("http://");
            plain.or_else(|| origin.strip_prefix("https://")) == Some(host)
        };
        if origin.is_some_and(|origin| !is_same(origin)) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "the request comes from a page of another origin",
            ));
        }
        match needs_token {
            true => self.check_token(headers),
            false => Ok(()),
        }
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let given = text(headers, header::AUTHORIZATION).unwrap_or_default();
        let (scheme, given) = given.split_once(' ').unwrap_or_default();
        let is_right = given.trim().as_bytes().ct_eq(token.expose().as_bytes());
        if scheme.eq_ignore_ascii_case("bearer") && bool::from(is_right) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "the control token is missing or wrong",
        )
        .expected(
            "the header Authorization: Bearer with the token that the server was started with",
        ))
    }

    /// Whether a host is this server. A name that is not known could be a website's that has given it this
    /// machine's address.
    fn is_own(&self, host: &str, ip: IpAddr) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") || self.hosts.contains(&name) {
            return true;
        }
        match name.parse::<IpAddr>() {
            Ok(named) => named.is_loopback() || named == ip || ip.is_unspecified(),
            Err(_) => false,
        }
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).map(HeaderValue::to_str)?.ok()
}

/// A host without its port and without the brackets of an address.
fn without_port(host: &str) -> String {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().to_string();
    }
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return address.to_owned();
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_apart() {
        let access = Access {
            hosts: ["tencent-chat".to_owned()].into(),
            ..Access::default()
        };
        let loopback: IpAddr = [127, 0, 0, 1].into();
        let all: IpAddr = [0, 0, 0, 0].into();
        for (host, listens_on, own) in [
            ("localhost", loopback, true),
            ("LOCALHOST:8600", loopback, true),
            ("a.localhost:8600", loopback, true),
            ("127.0.0.1:8600", loopback, true),
            ("127.9.9.9", loopback, true),
            ("[::1]:8600", loopback, true),
            ("[::1]", loopback, true),
            ("tencent-chat:8600", loopback, true),
            ("Tencent-Chat.", loopback, true),
            ("10.0.0.1:8600", loopback, false),
            ("10.0.0.1:8600", all, true),
            ("10.0.0.1:8600", [10, 0, 0, 1].into(), true),
            ("example.com", all, false),
            ("localhost.example.com", all, false),
            ("127.0.0.1.example.com", all, false),
            ("", all, false),
        ] {
            assert_eq!(
                access.is_own(host, listens_on),
                own,
                "{host} on {listens_on}"
            );
        }
    }
}
