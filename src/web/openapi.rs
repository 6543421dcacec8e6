//! The interface's description, made from the handlers themselves.

use axum::Json;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "shenlu",
        description = "审录: one interview room. Commands, state, recordings."
    ),
    paths(
        super::api::login,
        super::api::logout,
        super::api::command,
        super::api::state,
        super::api::state_socket,
        super::api::interviews,
        super::api::lines,
        super::files::file,
        super::files::put_file,
        super::arriving::import,
        super::arriving::give,
        super::labels::label,
        super::metrics::health,
        super::metrics::metrics
    )
)]
struct Document;

pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
