//! Files of an interview directory, with HTTP ranges, each look audited.
//!
//! The path is taken apart and put together again from plain names: nothing outside the interviews'
//! directory can be named, and links are not followed out of it.

use super::Door;
use super::api::not_audited;
use super::auth::{Action, authorize, problem};
use crate::room::words;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceExt;
use tower_http::services::ServeFile;

#[utoipa::path(get, path = "/api/v1/interviews/{id}/files/{path}",
    params(("id" = String, Path), ("path" = String, Path)),
    responses((status = 200), (status = 206), (status = 404, body = super::auth::Problem)))]
pub async fn file(
    State(door): State<Arc<Door>>,
    Path((id, path)): Path<(String, String)>,
    request: Request,
) -> Response {
    let actor = match authorize(&door, request.headers(), Action::ReadEvidence) {
        Ok(actor) => actor,
        Err(response) => return response,
    };
    let Some(found) = locate(&door, &id, &path) else {
        return problem(StatusCode::NOT_FOUND, "not-found", words::NO_FILE);
    };
    if !door
        .room
        .audit(&actor.account, "read-file", &format!("{id}/{path}"))
        .await
    {
        return not_audited();
    }
    match ServeFile::new(found).oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    }
}

/// Puts a transcript, an attestation, a document into the open interview; durable and journalled when it is
/// answered. A name is used once.
#[utoipa::path(put, path = "/api/v1/interview/files/{path}", params(("path" = String, Path)),
    responses((status = 200, body = crate::room::handle::Accepted),
              (status = 409, body = crate::room::handle::RefusedBody)))]
pub async fn put_file(
    State(door): State<Arc<Door>>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let actor = match authorize(&door, &headers, Action::Command) {
        Ok(actor) => actor,
        Err(response) => return response,
    };
    if !FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return problem(StatusCode::BAD_REQUEST, "no-such-folder", words::NO_FOLDER);
    }
    super::api::answer_of(door.room.put_file(path, body.to_vec(), &actor.account).await)
}

/// Where an interview's own files stand (design 6).
const FOLDERS: [&str; 4] = ["transcript/", "documents/", "attestations/", "attachments/"];

pub(super) fn locate(door: &Door, id: &str, path: &str) -> Option<PathBuf> {
    let plain = |name: &str| {
        !name.is_empty() && name != "." && name != ".." && !name.contains('\\') && !name.contains('\0')
    };
    if !plain(id) || id.contains('/') || !path.split('/').all(plain) {
        return None;
    }
    let root = door.interviews.canonicalize().ok()?;
    let found = root.join(id).join(path).canonicalize().ok()?;
    (found.starts_with(root.join(id)) && found.is_file()).then_some(found)
}
