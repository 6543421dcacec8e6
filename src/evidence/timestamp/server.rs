//! A time stamp server as the room reaches it: one question over HTTP, answered within seconds or not at all.
//!
//! Made from the configuration, asked by `closing`. Whatever the server does (nothing, one byte a second, a
//! gigabyte, another's stamp), a call ends within `WITHIN`; a server that failed is left alone for a moment, so
//! that several closings that a start completes do not add up.

use super::messages::question;
use super::{MOST_BYTES, Stamp, StampError, check_answer};
use crate::evidence::digest::Sha256Digest;
use rand_core::{OsRng, RngCore as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// In all, with the one repetition.
const WITHIN: Duration = Duration::from_secs(5);
/// The first question's share: what is left is enough for a second one to a server that is well.
const FIRST: Duration = Duration::from_millis(3000);
const PAUSE: Duration = Duration::from_millis(300);
const REST: Duration = Duration::from_secs(10);

pub struct TimestampServer {
    url: String,
    agent: Agent,
    failed: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for TimestampServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TimestampServer({})", self.url)
    }
}

impl TimestampServer {
    /// `url` by http or https; `authority` in PEM is whom to trust for https instead of the public ones.
    pub fn new(url: &str, authority: Option<&[u8]>) -> Result<Self, StampError> {
        let address = |reason: &str| StampError::Address {
            url: url.to_owned(),
            reason: reason.to_owned(),
        };
        let parsed: ureq::http::Uri = url.parse().map_err(|_| address("not an address"))?;
        let (scheme, host) = (
            parsed.scheme_str().unwrap_or_default(),
            parsed.host().unwrap_or_default(),
        );
        if !matches!(scheme, "http" | "https") || host.is_empty() {
            return Err(address("must begin with http:// or https:// and name a host"));
        }
        if authority.is_some() && scheme != "https" {
            return Err(address("an authority is of use for https only"));
        }
        let roots = authority.map_or(Ok(RootCerts::WebPki), roots)?;
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self {
            url: url.to_owned(),
            agent,
            failed: Mutex::new(None),
        })
    }

    /// The server's whole answer and what it says. Blocks for 5 s at most.
    pub(in crate::evidence) fn stamp(&self, digest: Sha256Digest) -> Result<(Vec<u8>, Stamp), StampError> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_some_and(|at| at.elapsed() < REST) {
            return Err(StampError::Resting(self.url.clone()));
        }
        let ends = Instant::now() + WITHIN;
        let answer = self.ask(digest, FIRST).or_else(|first| {
            thread::sleep(PAUSE);
            // The first reason tells more: a second one may be only that time is short.
            self.ask(digest, ends.saturating_duration_since(Instant::now()))
                .map_err(|_| first)
        });
        *failed = answer.is_err().then(Instant::now);
        answer
    }

    fn ask(&self, digest: Sha256Digest, within: Duration) -> Result<(Vec<u8>, Stamp), StampError> {
        let unreachable = |error: ureq::Error| StampError::Unreachable {
            url: self.url.clone(),
            reason: error.to_string(),
        };
        let nonce = OsRng.next_u64();
        let question = question(digest, nonce).map_err(|error| StampError::Form(error.to_string()))?;
        let mut response = self
            .agent
            .post(&self.url)
            .config()
            .timeout_global(Some(within))
            .build()
            .content_type("application/timestamp-query")
            .header("Accept", "application/timestamp-reply")
            .send(&question[..])
            .map_err(unreachable)?;
        if response.status() != 200 {
            return Err(StampError::Http(response.status().as_u16()));
        }
        let body = response.body_mut().with_config().limit(MOST_BYTES as u64);
        let answer = body.read_to_vec().map_err(unreachable)?;
        let stamp = check_answer(&answer, digest, nonce)?;
        Ok((answer, stamp))
    }
}

fn roots(pem: &[u8]) -> Result<RootCerts, StampError> {
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(found) = item.map_err(|error| StampError::Authority(error.to_string()))? {
            certificates.push(found);
        }
    }
    if certificates.is_empty() {
        return Err(StampError::Authority("no certificate in it".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}
