//! The room's door: HTTPS, WebSocket, OpenAPI, metrics (design 8).
//!
//! Holds handles and snapshots only; it cannot touch evidence, media or devices. Every route but the page,
//! the login and the health check passes `auth::authorize`, and what shows or moves evidence leaves an
//! audit line before it is answered.

mod api;
mod approvers;
mod arriving;
mod auth;
pub mod client;
mod files;
pub mod giving;
mod labels;
mod metrics;
mod openapi;
mod tls;

use crate::accounts::{Accounts, Approvers, Sessions, Tries};
use crate::room::handle::RoomHandle;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::Html;
use axum::routing::{get, post, put};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub use tls::{TlsError, TlsFiles};

use rustls::ServerConfig;

/// A command with its transcript pages' digests stays far below this.
const MAX_BODY: usize = 4 << 20;
/// A file that arrives; how much of it disk and e-case file can take is asked when it comes.
const MAX_ARRIVING: usize = 16 << 30;

/// What every handler may hold.
pub struct Door {
    pub room: RoomHandle,
    pub accounts: Accounts,
    pub sessions: Sessions,
    /// One secret is compared at a time.
    pub logins: Semaphore,
    /// Who may approve exceptions; their wrong tries are counted apart from the login's.
    pub approvers: Approvers,
    pub approver_tries: Tries,
    /// One approver's word is proved and passed on at a time.
    pub proofs: Semaphore,
    /// One file comes in at a time, of a mobile recorder or for the e-case file.
    pub imports: Semaphore,
    /// One label is set at a time.
    pub labels: Semaphore,
    /// Where interview directories stand, for reading only.
    pub interviews: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error("cannot listen on {address}: {source}. Is another program using the port? / 端口被占用?")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("TLS")]
    Tls(#[from] TlsError),
    #[error("the web server ended")]
    Serve(#[source] std::io::Error),
}

/// All routes. `tests` walk this table through the OpenAPI document.
pub fn router(door: Arc<Door>) -> Router {
    let page = get(|| async { Html(include_str!("../panel/index.html")) });
    let arriving = Router::new()
        .route("/api/v1/interview/imports/{name}", put(arriving::import))
        .route("/api/v1/interview/case/{*path}", put(arriving::give))
        .layer(RequestBodyLimitLayer::new(MAX_ARRIVING));
    Router::new()
        .route("/", page)
        .route("/healthz", get(metrics::health))
        .route("/metrics", get(metrics::metrics))
        .route("/api/openapi.json", get(openapi::document))
        .route("/api/v1/login", post(api::login))
        .route("/api/v1/logout", post(api::logout))
        .route("/api/v1/commands", post(api::command))
        .route("/api/v1/state", get(api::state))
        .route("/api/v1/state/ws", get(api::state_socket))
        .route("/api/v1/interview/files/{*path}", put(files::put_file))
        .route("/api/v1/interviews", get(api::interviews))
        .route("/api/v1/interviews/{id}/lines", get(api::lines))
        .route("/api/v1/interviews/{id}/files/{*path}", get(files::file))
        .route("/api/v1/interviews/{id}/labels/{form}", get(labels::label))
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .merge(arriving)
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'self' 'unsafe-inline'; frame-ancestors 'none'"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .with_state(door)
}

/// Binds at once, so that a port in use is known before anything is promised.
pub fn listen(address: SocketAddr) -> Result<TcpListener, WebError> {
    let listen = |source| WebError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    Ok(listener)
}

/// Serves until the task is dropped.
pub async fn serve(listener: TcpListener, tls: ServerConfig, door: Arc<Door>) -> Result<(), WebError> {
    let config = axum_server::tls_rustls::RustlsConfig::from_config(Arc::new(tls));
    axum_server::from_tcp_rustls(listener, config)
        .map_err(WebError::Serve)?
        .serve(router(door).into_make_service())
        .await
        .map_err(WebError::Serve)
}
