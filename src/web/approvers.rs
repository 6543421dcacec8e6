//! An approver's word at the door: proved against his account, audited, then passed on with the command.
//!
//! One at a time, from weighing to the room's answer: a command that is sent twice uses one code. What cannot pass
//! anyway, and what was answered before, uses none. Wrong credentials are counted apart from the login's. The
//! credential lives in this call only.

use super::Door;
use super::api::{answer_of, not_audited};
use super::auth::{Actor, problem, problem_with};
use crate::accounts::{ApproverError, Approvers, Credential, Means, Proof};
use crate::interview::{Approver, Confirmation};
use crate::room::approval::{ApproversWord, Unproved};
use crate::room::handle::{CommandRequest, Weighed};
use crate::room::words;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Unknown numbers are counted together.
const NOBODY: &str = "";

pub async fn with_word(
    door: Arc<Door>,
    actor: &Actor,
    mut request: CommandRequest,
    number: String,
    credential: Credential,
) -> Response {
    let Ok(_turn) = door.proofs.acquire().await else {
        return problem(StatusCode::INTERNAL_SERVER_ERROR, "no-proof", words::NO_ACCOUNTS);
    };
    let known = match door.approvers.find(&number) {
        Ok(known) => known,
        Err(error) => return unreadable(&error),
    };
    let name = known
        .as_ref()
        .map_or_else(|| number.clone(), |known| known.name.clone());
    request.word = Some(supposed(name, number.clone(), &credential));
    match door.room.weigh(request.clone(), &actor.account).await {
        Some(Weighed::WaitsForWord) => request.word = None,
        Some(Weighed::Answered(answer)) => return answer_of(Some(answer)),
        None => return answer_of(None),
    }
    let counted = if known.is_some() { number.as_str() } else { NOBODY };
    if let Some(wait) = door.approver_tries.must_wait(counted) {
        let seconds = wait.as_secs() + 1;
        return problem_with(
            StatusCode::TOO_MANY_REQUESTS,
            "wait",
            words::APPROVER_WAIT.with(seconds),
        );
    }
    let told = format!("{} {} {}", request.kind, request.command_id, one_line(&number));
    match prove(&door.approvers, number.clone(), credential).await {
        Ok(proof) => {
            door.approver_tries.forget(counted);
            let told = format!("{told} {}", means(proof.means));
            if !door.room.audit(&actor.account, "approver-proved", &told).await {
                return not_audited();
            }
            request.word = Some(proof.into());
            answer_of(door.room.command(request, &actor.account).await)
        }
        Err(ApproverError::Wrong | ApproverError::Unknown(_)) => {
            door.approver_tries.count_wrong(counted);
            if !door
                .room
                .audit(&actor.account, "approver-not-proved", &told)
                .await
            {
                return not_audited();
            }
            let refusal = Unproved::Wrong.refusal();
            answer_of(door.room.refuse(request, refusal, &actor.account).await)
        }
        Err(error) => unreadable(&error),
    }
}

/// The word as it would be, for weighing.
fn supposed(name: String, number: String, credential: &Credential) -> ApproversWord {
    ApproversWord {
        approver: Approver { name, number },
        confirmation: match credential {
            Credential::Secret(_) => Confirmation::OwnCredential,
            Credential::Code(_) => Confirmation::TelephoneCode,
        },
    }
}

async fn prove(
    approvers: &Approvers,
    number: String,
    credential: Credential,
) -> Result<Proof, ApproverError> {
    let approvers = approvers.clone();
    let proved = tokio::task::spawn_blocking(move || approvers.prove(&number, &credential));
    proved.await.unwrap_or(Err(ApproverError::Wrong))
}

fn means(means: Means) -> String {
    match means {
        Means::OwnSecret => "own-credential".to_owned(),
        Means::Code { index } => format!("telephone-code {index}"),
    }
}

/// A number as somebody typed it stands in a log: short, and on one line.
fn one_line(number: &str) -> String {
    number.chars().filter(|c| !c.is_control()).take(40).collect()
}

fn unreadable(error: &ApproverError) -> Response {
    tracing::error!(%error, "accounts");
    problem(StatusCode::SERVICE_UNAVAILABLE, "no-accounts", words::NO_ACCOUNTS)
}
