//! The approver's word: what a command brings along for it, and what the room believes.
//!
//! A sender's claim is never believed: whatever stands as `confirmation` in a command that needs an approver is
//! taken out, and so is the credential, before anything is kept, compared or logged. The door proves the
//! credential; only what it proved is put back, name and number from the account itself. Pure.

use super::handle::{CommandRequest, refused};
use super::words::{self, Said};
use crate::accounts::{Credential, Means, Proof};
use crate::interview::{Approver, Confirmation, RuleId};
use serde_json::{Value, json};

/// Commands in which an approver answers for an exception.
const KINDS: [&str; 3] = ["continue-unrecorded", "end-incomplete", "confirm-incomplete"];
/// Help never waits: its approver may confirm afterwards. The interview says for which reasons.
const MAY_BE_CONFIRMED_LATER: &str = "end-incomplete";

/// An approver's word as the door proved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApproversWord {
    pub approver: Approver,
    pub confirmation: Confirmation,
}

impl From<Proof> for ApproversWord {
    fn from(proof: Proof) -> Self {
        let (name, number) = (proof.name, proof.number);
        ApproversWord {
            approver: Approver { name, number },
            confirmation: match proof.means {
                Means::OwnSecret => Confirmation::OwnCredential,
                Means::Code { .. } => Confirmation::TelephoneCode,
            },
        }
    }
}

/// What a command brought along.
pub enum Offered {
    /// No approver is needed, or he confirms afterwards.
    Nothing,
    /// To be proved; the account's number.
    Credential { number: String, credential: Credential },
    /// A claim, or less.
    Unproved(Unproved),
}

/// Why an approver's word cannot even be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproved {
    /// Nothing stands behind it.
    Bare,
    /// There is no centre yet that could have confirmed it.
    Centre,
    /// Neither `{"secret"}` nor `{"code"}`, or no approver's number.
    Malformed,
    /// Nobody of this number, or not his secret, or not a code of his.
    Wrong,
}

impl Unproved {
    /// The contract's 409 answer.
    pub fn refusal(self) -> Value {
        let said: Said = match self {
            Unproved::Bare => words::APPROVER_BARE,
            Unproved::Centre => words::APPROVER_CENTRE,
            Unproved::Malformed => words::APPROVER_MALFORMED,
            Unproved::Wrong => words::APPROVER_WRONG,
        };
        let said = (said.zh.to_owned(), said.en.to_owned());
        refused("approver-not-proved", Some(RuleId::R14), said)
    }
}

/// Takes claim and credential out of a command, for good.
pub fn take_out(request: &mut CommandRequest) -> Offered {
    let kind = request.kind.as_str();
    let Some(fields) = request.command.as_object_mut() else {
        return Offered::Nothing;
    };
    let credential = fields.remove("credential").filter(|value| !value.is_null());
    if !KINDS.contains(&kind) {
        return Offered::Nothing;
    }
    let claim = fields.remove("confirmation").filter(|value| !value.is_null());
    let number = fields.get("approver").and_then(|approver| approver.get("number"));
    match (credential, claim) {
        (Some(credential), _) => match (number.and_then(Value::as_str), serde_json::from_value(credential)) {
            (Some(number), Ok(credential)) => Offered::Credential {
                number: number.to_owned(),
                credential,
            },
            // The reason why it cannot be read may quote it: nobody is told.
            (Some(_) | None, Ok(_) | Err(_)) => Offered::Unproved(Unproved::Malformed),
        },
        (None, Some(claim)) if claim == "centre" => Offered::Unproved(Unproved::Centre),
        (None, Some(_)) => Offered::Unproved(Unproved::Bare),
        (None, None) if kind == MAY_BE_CONFIRMED_LATER => Offered::Nothing,
        (None, None) => Offered::Unproved(Unproved::Bare),
    }
}

/// The command with what was proved, and with nothing that was only claimed.
pub(super) fn put_in(request: &CommandRequest) -> Value {
    let mut command = request.command.clone();
    if let Some(fields) = command.as_object_mut() {
        fields.remove("credential");
        if KINDS.contains(&request.kind.as_str()) {
            fields.remove("confirmation");
        }
        if let Some(word) = &request.word {
            fields.insert("approver".to_owned(), json!(word.approver));
            fields.insert("confirmation".to_owned(), json!(word.confirmation));
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(command: Value) -> CommandRequest {
        CommandRequest::parse(command.to_string().as_bytes()).unwrap()
    }

    fn end(more: Value) -> CommandRequest {
        let mut command = json!({"command_id": "c", "kind": "end-incomplete", "reason": "removal", "text": "t",
            "approver": {"name": "x", "number": "130009"}});
        let (Value::Object(fields), Value::Object(more)) = (&mut command, more) else {
            panic!("objects");
        };
        fields.extend(more);
        asked(command)
    }

    #[test]
    fn a_claim_is_taken_out_and_never_believed() {
        for (claim, unproved) in [
            ("own-credential", Unproved::Bare),
            ("telephone-code", Unproved::Bare),
            ("anything", Unproved::Bare),
            ("centre", Unproved::Centre),
        ] {
            let mut request = end(json!({"confirmation": claim}));
            assert!(matches!(take_out(&mut request), Offered::Unproved(why) if why == unproved));
            assert_eq!(put_in(&request).get("confirmation"), None);
            // Even if a claim came past the door, the room takes it out again.
            let request = end(json!({"confirmation": claim}));
            assert_eq!(put_in(&request).get("confirmation"), None);
        }
    }

    #[test]
    fn only_an_incomplete_end_may_be_confirmed_later() {
        assert!(matches!(take_out(&mut end(json!({}))), Offered::Nothing));
        assert!(matches!(
            take_out(&mut end(json!({"confirmation": null}))),
            Offered::Nothing
        ));
        for kind in ["continue-unrecorded", "confirm-incomplete"] {
            let mut request = asked(json!({"command_id": "c", "kind": kind}));
            assert!(
                matches!(take_out(&mut request), Offered::Unproved(Unproved::Bare)),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_credential_is_gone_from_the_command_whatever_its_kind_and_form() {
        for credential in [
            json!({"secret": "hidden"}),
            json!("hidden"),
            json!({"pin": "hidden"}),
            json!(["hidden"]),
        ] {
            let mut request = end(json!({"credential": credential}));
            let offered = take_out(&mut request);
            let is_right_form = credential.get("secret").is_some();
            assert_eq!(matches!(offered, Offered::Credential { .. }), is_right_form);
            assert!(!format!("{request:?}").contains("hidden"));
            let mut other =
                asked(json!({"command_id": "c", "kind": "mark", "mark": "rest", "credential": credential}));
            assert!(matches!(take_out(&mut other), Offered::Nothing));
            assert!(!format!("{other:?}").contains("hidden"));
        }
        assert!(!Unproved::Malformed.refusal().to_string().contains("hidden"));
    }

    #[test]
    fn name_and_number_come_from_the_account() {
        let mut request = end(json!({"credential": {"code": "1-1234-5678"}}));
        assert!(matches!(take_out(&mut request), Offered::Credential { number, .. } if number == "130009"));
        request.word = Some(ApproversWord::from(Proof {
            name: "赵所长".into(),
            number: "130009".into(),
            means: Means::Code { index: 1 },
        }));
        let command = put_in(&request);
        assert_eq!(command["approver"]["name"], "赵所长");
        assert_eq!(command["confirmation"], "telephone-code");
    }
}
