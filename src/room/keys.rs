//! The device's keys at a start of the room: where they come from, and who hears of what was wrong with them.
//!
//! `start` asks once, before anything is recorded. Behind the evidence room's `Vault` stands the machine's TPM.
//! Whatever is wrong, the room records: the answer is always a key, and for people an alarm and a ledger line.

use super::RoomError;
use super::appliance::Appliance;
use super::config::TpmChoice;
use crate::evidence::signing::{DeviceKeys, KeyError, Opened, Vault, VaultError};
use crate::interview::Alarm;
use hardware::tpm::{Tpm, TpmError, Zeroizing};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// All that a TPM may cost a start: recording must be back within ten seconds (design 10).
const PATIENCE: Duration = Duration::from_secs(3);

/// Something about the keys that people must hear of, once in the ledger and on the panel until the next start.
pub(super) struct KeyTrouble {
    alarm: Alarm,
    /// Kind of the ledger's line.
    kind: &'static str,
    reason: String,
}

/// The keys below `<data>/keys`, or some that live as long as this start.
pub(super) fn open(
    data: &Path,
    room: &str,
    tpm: &TpmChoice,
) -> Result<(DeviceKeys, Vec<KeyTrouble>), RoomError> {
    let path = data.join("keys");
    let vault = vault(tpm, PATIENCE);
    let opened = DeviceKeys::open(&path, room, vault.as_ref().map(|vault| vault as &dyn Vault));
    let opened = opened.or_else(|unusable| {
        // Even where none can be kept the room records, signed with keys of this start.
        DeviceKeys::ephemeral(room).map(|keys| Opened {
            keys,
            replaced: Vec::new(),
            temporary: Some(unusable),
            unsealed: None,
            refused: Vec::new(),
        })
    });
    let opened = opened.map_err(|source| RoomError::Keys { path, source })?;
    let troubles = troubles(&opened, tpm);
    Ok((opened.keys, troubles))
}

fn troubles(opened: &Opened, tpm: &TpmChoice) -> Vec<KeyTrouble> {
    let trouble = |alarm, kind, reason: &KeyError| KeyTrouble {
        alarm,
        kind,
        reason: reason.to_string(),
    };
    let replaced = opened.replaced.iter();
    let mut troubles: Vec<KeyTrouble> = replaced
        .map(|reason| trouble(Alarm::DeviceKeyReplaced, "device-key-replaced", reason))
        .collect();
    if let Some(reason) = &opened.temporary {
        troubles.push(trouble(Alarm::DeviceKeyTemporary, "device-key-temporary", reason));
    }
    let refused = opened.refused.iter();
    troubles.extend(
        refused.map(|reason| trouble(Alarm::CertificateRefused, "device-certificate-refused", reason)),
    );
    match (&opened.unsealed, tpm) {
        (Some(reason), TpmChoice::At(_)) => {
            troubles.push(trouble(Alarm::DeviceKeyUnsealed, "device-key-unsealed", reason));
        }
        // A machine without a TPM is no fault of anybody's.
        (Some(reason), TpmChoice::Auto | TpmChoice::None) => tracing::info!(%reason, "device keys"),
        (None, _) => {}
    }
    troubles
}

impl Appliance {
    /// Loud on the panel, and in the ledger for whoever looks after the device.
    pub(super) fn tell_of_the_keys(&mut self) {
        for KeyTrouble { alarm, kind, reason } in std::mem::take(&mut self.key_troubles) {
            let told = json!({"device_key": self.place.keys.public().id(), "reason": reason});
            if let Err(error) = self.ledger.write(kind, told) {
                tracing::error!(%error, "ledger");
            }
            self.raise(alarm, &reason);
            self.key_troubles.push(KeyTrouble { alarm, kind, reason });
        }
    }

    /// The next interview must know of it too.
    pub(super) fn raise_key_troubles(&mut self) {
        let standing: Vec<(Alarm, String)> = self
            .key_troubles
            .iter()
            .map(|trouble| (trouble.alarm, trouble.reason.clone()))
            .collect();
        for (alarm, reason) in standing {
            self.raise(alarm, &reason);
        }
    }
}

/// The machine's TPM as the evidence room knows it.
pub struct TpmVault(Tpm);

/// `None` where none may be used. All that is asked of it together ends when the patience is over.
pub fn vault(choice: &TpmChoice, patience: Duration) -> Option<TpmVault> {
    match choice {
        TpmChoice::None => None,
        TpmChoice::Auto => Some(TpmVault(Tpm::of_machine(patience))),
        TpmChoice::At(tcti) => Some(TpmVault(Tpm::at(tcti, patience))),
    }
}

impl Vault for TpmVault {
    fn seal(&self, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.0.seal(secret).map_err(told)
    }

    fn unseal(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.0.unseal(sealed).map_err(told)
    }
}

fn told(error: TpmError) -> VaultError {
    let reason = match &error {
        TpmError::Scratch(source) => format!("{error}: {source}"),
        other => other.to_string(),
    };
    match error {
        TpmError::Absent => VaultError::Gone(reason),
        TpmError::Foreign { .. } | TpmError::NotSealed => VaultError::Foreign(reason),
        TpmError::ToolMissing { .. }
        | TpmError::Scratch(_)
        | TpmError::Silent { .. }
        | TpmError::Failed { .. } => VaultError::Unreachable(reason),
    }
}
