//! Who asks, and whether he may: one `authorize` in front of every route that shows or does anything.
//!
//! Cookies are HttpOnly, Secure and SameSite=Strict. The room has one operator for now, who may run the
//! interview and look at its recordings; what he looks at is audited.

use super::Door;
use crate::room::words::{self, Said};
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

pub const COOKIE: &str = "shenlu-session";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    SeeState,
    Command,
    ListInterviews,
    /// Recordings, transcripts and whatever else an interview directory holds.
    ReadEvidence,
    SeeMetrics,
}

/// The one who was recognised.
#[derive(Clone, Debug)]
pub struct Actor {
    pub account: String,
}

/// Errors of the interface, in both languages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    pub code: &'static str,
    pub message_zh: String,
    pub message_en: String,
}

pub fn problem(status: StatusCode, code: &'static str, said: Said) -> Response {
    problem_with(status, code, (said.zh.to_owned(), said.en.to_owned()))
}

pub fn problem_with(
    status: StatusCode,
    code: &'static str,
    (message_zh, message_en): (String, String),
) -> Response {
    (
        status,
        Json(Problem {
            code,
            message_zh,
            message_en,
        }),
    )
        .into_response()
}

/// The session's token, if the request carries one.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token)
}

/// The actor, or the answer that sends him away. The operator may do everything there is by now; that the
/// action is named at every route is what later roles rest on.
#[allow(clippy::result_large_err)] // The error is the response itself, built once per refused request.
pub fn authorize(door: &Door, headers: &HeaderMap, action: Action) -> Result<Actor, Response> {
    let session = token(headers).and_then(|token| door.sessions.find(token));
    match (session, action) {
        (
            Some(session),
            Action::SeeState
            | Action::Command
            | Action::ListInterviews
            | Action::ReadEvidence
            | Action::SeeMetrics,
        ) => Ok(Actor {
            account: session.account,
        }),
        (None, _) => Err(problem(StatusCode::UNAUTHORIZED, "not-signed-in", words::SIGN_IN)),
    }
}
