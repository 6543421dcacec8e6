//! Labels of an interview's discs as PDF, each print audited.
//!
//! The room makes them from its ledger and the closed directory; here is only who may, and how it is answered.

use super::Door;
use super::api::not_audited;
use super::auth::{Action, Problem, authorize, problem, problem_with};
use super::files::locate;
use crate::room::labels::{LabelRefusal, RefusalCause, label_of};
use crate::room::words;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only the discs of this slot: `a`, `b`, `standby`.
    slot: Option<String>,
    /// The slot whose set is the original; a set that was burnt live is proposed.
    original: Option<String>,
}

/// The labels of a closed interview's finalised discs: `disc`, `sleeve`, `paper-sleeve` or `register`.
#[utoipa::path(get, path = "/api/v1/interviews/{id}/labels/{form}",
    params(("id" = String, Path), ("form" = String, Path), Wanted),
    responses((status = 200, content_type = "application/pdf"), (status = 400, body = Problem),
              (status = 401, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn label(
    State(door): State<Arc<Door>>,
    Path((id, form)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let actor = match authorize(&door, &headers, Action::ReadEvidence) {
        Ok(actor) => actor,
        Err(response) => return response,
    };
    let journal = locate(&door, &id, "journal.jsonl");
    let Some(dir) = journal.and_then(|path| path.parent().map(std::path::Path::to_owned)) else {
        return problem(StatusCode::NOT_FOUND, "not-found", words::NO_FILE);
    };
    let resource = format!("{id}/{form}");
    if !door.room.audit(&actor.account, "print-label", &resource).await {
        return not_audited();
    }
    // One at a time: each holds the fonts in memory, and the recording must not feel it.
    let Ok(_turn) = door.labels.acquire().await else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "room-busy", words::NO_ANSWER);
    };
    let made = tokio::task::spawn_blocking(move || {
        label_of(&dir, &form, wanted.slot.as_deref(), wanted.original.as_deref())
    });
    match made.await {
        Ok(Ok(pdf)) => ([(header::CONTENT_TYPE, "application/pdf")], pdf).into_response(),
        Ok(Err(refusal)) => refused(refusal),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "no-label", words::NO_LABEL),
    }
}

fn refused(refusal: LabelRefusal) -> Response {
    let status = match refusal.cause {
        RefusalCause::Asked => StatusCode::BAD_REQUEST,
        RefusalCause::State => StatusCode::CONFLICT,
        RefusalCause::Machine => StatusCode::INTERNAL_SERVER_ERROR,
    };
    problem_with(status, "no-label", (refusal.zh, refusal.en))
}
