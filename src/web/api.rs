//! Login, commands and state: the three things a panel lives on.
//!
//! Commands go to the room's loop and come back with its answer; a repeated `command_id` comes back with
//! the same one. State goes out whole, never in pieces, each time with its revision.

use super::Door;
use super::auth::{self, Action, COOKIE, authorize, problem, problem_with};
use crate::room::approval::{self, Offered};
use crate::room::handle::{Answer, CommandRequest, honest};
use crate::room::words;
use axum::Json;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    account: String,
    secret: String,
}

/// Begins a session; the cookie is the only thing that carries it.
#[utoipa::path(post, path = "/api/v1/login", request_body = Login,
    responses((status = 204), (status = 401, body = auth::Problem), (status = 429, body = auth::Problem)))]
pub async fn login(State(door): State<Arc<Door>>, body: Bytes) -> Response {
    let Ok(login) = serde_json::from_slice::<Login>(&body) else {
        return problem(StatusCode::BAD_REQUEST, "malformed", words::LOGIN_FORM);
    };
    // One at a time: a hash takes 64 MiB on purpose, and many at once would take the recorder's memory.
    let Ok(_turn) = door.logins.acquire().await else {
        return problem(StatusCode::INTERNAL_SERVER_ERROR, "no-session", words::NO_SESSION);
    };
    if let Some(wait) = door.sessions.must_wait() {
        let seconds = wait.as_secs() + 1;
        return problem_with(StatusCode::TOO_MANY_REQUESTS, "wait", words::WAIT.with(seconds));
    }
    let asked = Arc::clone(&door);
    let right = tokio::task::spawn_blocking(move || asked.accounts.accepts(&login.account, &login.secret))
        .await
        .unwrap_or(false);
    if !right {
        door.sessions.count_wrong();
        door.room.audit("system", "login-refused", "").await;
        return problem(StatusCode::UNAUTHORIZED, "wrong-secret", words::WRONG_SECRET);
    }
    match door.sessions.begin(crate::accounts::OPERATOR) {
        Ok(token) => {
            door.room.audit(crate::accounts::OPERATOR, "login", "").await;
            let cookie = format!("{COOKIE}={token}; HttpOnly; Secure; SameSite=Strict; Path=/");
            (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
        }
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "no-session", words::NO_SESSION),
    }
}

#[utoipa::path(post, path = "/api/v1/logout", responses((status = 204)))]
pub async fn logout(State(door): State<Arc<Door>>, headers: HeaderMap) -> Response {
    if let Some(token) = auth::token(&headers) {
        door.sessions.end(token);
    }
    StatusCode::NO_CONTENT.into_response()
}

/// One command of the operator. A refusal is 409 and names its rule and what is missing. An approver's credential
/// is taken out first and never kept; too many wrong ones are 429.
#[utoipa::path(post, path = "/api/v1/commands", request_body = CommandRequest,
    responses((status = 200, body = crate::room::handle::Accepted),
              (status = 409, body = crate::room::handle::RefusedBody), (status = 401, body = auth::Problem),
              (status = 429, body = auth::Problem)))]
pub async fn command(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Response {
    let actor = match authorize(&door, &headers, Action::Command) {
        Ok(actor) => actor,
        Err(response) => return response,
    };
    let mut request = match CommandRequest::parse(&body) {
        Ok(request) => request,
        Err(reason) => {
            return problem_with(
                StatusCode::BAD_REQUEST,
                "malformed",
                words::NOT_UNDERSTOOD.with(reason),
            );
        }
    };
    match approval::take_out(&mut request) {
        Offered::Nothing => answer_of(door.room.command(request, &actor.account).await),
        Offered::Unproved(why) => answer_of(door.room.refuse(request, why.refusal(), &actor.account).await),
        Offered::Credential { number, credential } => {
            super::approvers::with_word(door, &actor, request, number, credential).await
        }
    }
}

/// An answer of the loop as HTTP has it.
pub fn answer_of(answer: Option<Answer>) -> Response {
    match answer {
        Some(Answer::Accepted(accepted)) => (StatusCode::OK, Json(accepted)).into_response(),
        Some(Answer::Refused(refusal)) => (StatusCode::CONFLICT, Json(refusal)).into_response(),
        None => problem(StatusCode::SERVICE_UNAVAILABLE, "room-busy", words::NO_ANSWER),
    }
}

#[utoipa::path(get, path = "/api/v1/state",
    responses((status = 200, body = crate::room::snapshot::Snapshot), (status = 401, body = auth::Problem)))]
pub async fn state(State(door): State<Arc<Door>>, headers: HeaderMap) -> Response {
    match authorize(&door, &headers, Action::SeeState) {
        Ok(_) => Json(door.room.snapshot().as_ref()).into_response(),
        Err(response) => response,
    }
}

/// Whole snapshots whenever something changed, and at least once a second, so that silence means loss.
#[utoipa::path(get, path = "/api/v1/state/ws", responses((status = 101), (status = 401, body = auth::Problem)))]
pub async fn state_socket(
    State(door): State<Arc<Door>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    match authorize(&door, &headers, Action::SeeState) {
        Ok(_) => upgrade
            .max_message_size(4096)
            .on_upgrade(move |socket| tell(door, socket)),
        Err(response) => response,
    }
}

async fn tell(door: Arc<Door>, mut socket: WebSocket) {
    let mut snapshots = door.room.snapshots();
    loop {
        let snapshot = honest(&snapshots.borrow_and_update());
        let Ok(text) = serde_json::to_string(snapshot.as_ref()) else {
            return;
        };
        let sent = tokio::time::timeout(Duration::from_secs(5), socket.send(Message::Text(text.into())));
        if !matches!(sent.await, Ok(Ok(()))) {
            return;
        }
        tokio::select! {
            changed = tokio::time::timeout(Duration::from_secs(1), snapshots.changed()) => {
                if matches!(changed, Ok(Err(_))) { return }
            }
            heard = socket.recv() => {
                if !matches!(heard, Some(Ok(_))) { return }
            }
        }
    }
}

#[utoipa::path(get, path = "/api/v1/interviews",
    responses((status = 200, body = Vec<crate::store::InterviewRow>), (status = 401, body = auth::Problem)))]
pub async fn interviews(State(door): State<Arc<Door>>, headers: HeaderMap) -> Response {
    if let Err(response) = authorize(&door, &headers, Action::ListInterviews) {
        return response;
    }
    let reader = door.room.reader();
    answer_blocking(move || reader.interviews(500)).await
}

#[derive(Deserialize, utoipa::IntoParams)]
pub struct Page {
    #[serde(default)]
    after: u64,
}

/// Journal lines of an interview, without fragments, at most 1,000 after `after`.
#[utoipa::path(get, path = "/api/v1/interviews/{id}/lines", params(Page, ("id" = String, Path)),
    responses((status = 200, body = Vec<crate::store::LineRow>), (status = 401, body = auth::Problem)))]
pub async fn lines(
    State(door): State<Arc<Door>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Response {
    let actor = match authorize(&door, &headers, Action::ReadEvidence) {
        Ok(actor) => actor,
        Err(response) => return response,
    };
    if !door.room.audit(&actor.account, "read-lines", &id).await {
        return not_audited();
    }
    let reader = door.room.reader();
    answer_blocking(move || reader.lines(&id, page.after, 1000)).await
}

pub fn not_audited() -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, "not-audited", words::NOT_AUDITED)
}

async fn answer_blocking<T, F>(ask: F) -> Response
where
    T: serde::Serialize + Send + 'static,
    F: FnOnce() -> Result<T, crate::store::StoreError> + Send + 'static,
{
    match tokio::task::spawn_blocking(ask).await {
        Ok(Ok(found)) => Json(found).into_response(),
        Ok(Err(error)) => {
            tracing::error!(%error, "index");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "index", words::NO_INDEX)
        }
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "index", words::NO_INDEX),
    }
}
