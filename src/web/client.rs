//! The room's API as its own programs use it: `shenlu command`, `shenlu give`, `shenlu demo`.
//!
//! Signs in with the operator's secret from the data directory and trusts exactly the room's certificate,
//! nothing else. Blocking; never used inside the room.

use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, SendBody};

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("cannot read {path}: {source}. Has the room been started? / 房间主机启动过吗?")]
    Certificate { path: PathBuf, source: std::io::Error },
    #[error("{path} is no certificate")]
    NoCertificate { path: PathBuf },
    #[error("no operator's secret: {0}")]
    Secret(#[from] crate::accounts::AccountsError),
    #[error("the room at {address} does not answer: {source}. Is `shenlu room` running? / 主机未运行?")]
    Unreachable {
        address: String,
        source: Box<ureq::Error>,
    },
    #[error("the room's answer cannot be understood")]
    Answer(#[source] Box<ureq::Error>),
    #[error("cannot read {path}: {source} / 无法读取文件")]
    File { path: PathBuf, source: std::io::Error },
    #[error("signing in was refused ({status})")]
    Refused { status: u16 },
}

/// Half a gigabyte onto a slow disk.
const FILE_WITHIN: Duration = Duration::from_secs(1800);

/// What the room said: HTTP status and JSON body.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

pub struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    /// Connects to `127.0.0.1:port` with the certificate and secret below `data`, and signs in.
    pub fn sign_in(port: u16, data: &Path, cert: &Path) -> Result<Client, ClientError> {
        let pem = std::fs::read(cert).map_err(|source| ClientError::Certificate {
            path: cert.to_owned(),
            source,
        })?;
        let certificate = Certificate::from_pem(&pem).map_err(|_| ClientError::NoCertificate {
            path: cert.to_owned(),
        })?;
        let secret = crate::accounts::operator_secret(data)?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[certificate]))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(40)))
            .build()
            .new_agent();
        let client = Client {
            agent,
            base: format!("https://127.0.0.1:{port}"),
        };
        let login = serde_json::json!({"account": crate::accounts::OPERATOR, "secret": secret});
        let reply = client.post("/api/v1/login", &login)?;
        if reply.status == 204 {
            Ok(client)
        } else {
            Err(ClientError::Refused { status: reply.status })
        }
    }

    fn unreachable(&self, source: ureq::Error) -> ClientError {
        ClientError::Unreachable {
            address: self.base.clone(),
            source: Box::new(source),
        }
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Reply, ClientError> {
        let sent = self.agent.post(format!("{}{path}", self.base)).send_json(body);
        reply(sent.map_err(|e| self.unreachable(e))?)
    }

    /// A file for the open interview.
    pub fn put(&self, path: &str, bytes: &[u8]) -> Result<Reply, ClientError> {
        let sent = self.agent.put(format!("{}{path}", self.base)).send(bytes);
        reply(sent.map_err(|e| self.unreachable(e))?)
    }

    /// A file for the open interview, however large; the room is asked before its bytes are sent.
    pub fn put_file(&self, path: &str, file: &Path) -> Result<Reply, ClientError> {
        let unreadable = |source| ClientError::File {
            path: file.to_owned(),
            source,
        };
        let opened = File::open(file).map_err(unreadable)?;
        let bytes = opened.metadata().map_err(unreadable)?.len();
        let sent = self
            .agent
            .put(format!("{}{path}", self.base))
            .config()
            .timeout_global(Some(FILE_WITHIN))
            .build()
            .header("expect", "100-continue")
            .header("content-length", bytes.to_string())
            .send(SendBody::from_owned_reader(opened));
        reply(sent.map_err(|e| self.unreachable(e))?)
    }

    pub fn get(&self, path: &str) -> Result<Reply, ClientError> {
        let sent = self.agent.get(format!("{}{path}", self.base)).call();
        reply(sent.map_err(|e| self.unreachable(e))?)
    }

    /// One command; the id makes it safe to send again.
    pub fn command(&self, command_id: &str, kind: &str, fields: Value) -> Result<Reply, ClientError> {
        let mut body = serde_json::json!({"command_id": command_id, "kind": kind});
        if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
            for (key, value) in fields {
                body.entry(key).or_insert(value);
            }
        }
        self.post("/api/v1/commands", &body)
    }
}

/// The session ends with its user: the room keeps few, and a panel's must not be pushed out.
impl Drop for Client {
    fn drop(&mut self) {
        let _ = self
            .agent
            .post(format!("{}/api/v1/logout", self.base))
            .send_empty();
    }
}

fn reply(mut response: ureq::http::Response<ureq::Body>) -> Result<Reply, ClientError> {
    let status = response.status().as_u16();
    let text = response
        .body_mut()
        .read_to_string()
        .map_err(|e| ClientError::Answer(Box::new(e)))?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(Reply { status, body })
}
