//! `[signing]`: which TPM seals the device's keys, and who stamps the time on closed interviews.
//!
//! Called by `validate`. Asks neither TPM nor server: whether they answer is seen when they are needed.

use super::raw;
use super::validate::{Checked, Wrong, wrong};
use super::{Signing, TpmChoice};
use crate::evidence::timestamp::TimestampServer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) fn signing(base: &Path, raw: raw::Signing) -> Checked<Signing> {
    Ok(Signing {
        tpm: tpm(raw.tpm.as_deref().unwrap_or("auto"))?,
        timestamp: timestamp(
            raw.timestamp_url,
            raw.timestamp_ca_file.map(|file| base.join(file)),
        )?,
    })
}

fn timestamp(url: Option<String>, ca_file: Option<PathBuf>) -> Checked<Option<Arc<TimestampServer>>> {
    let Some(url) = url else {
        return match ca_file {
            None => Ok(None),
            Some(_) => wrong(
                "signing.timestamp_ca_file: 缺少 timestamp_url",
                "signing.timestamp_ca_file: there is no timestamp_url to use it for",
            ),
        };
    };
    let authority = ca_file.map(|path| {
        std::fs::read(&path).map_err(|e| Wrong {
            zh: format!("signing.timestamp_ca_file {}: 无法读取: {e}", path.display()),
            en: format!(
                "signing.timestamp_ca_file {}: cannot be read: {e}",
                path.display()
            ),
        })
    });
    let server = TimestampServer::new(&url, authority.transpose()?.as_deref());
    server.map(|server| Some(Arc::new(server))).map_err(|e| Wrong {
        zh: format!("signing.timestamp_url = \"{url}\": 时间戳服务器地址或证书有误: {e}"),
        en: format!("signing.timestamp_url: {e}"),
    })
}

fn tpm(text: &str) -> Checked<TpmChoice> {
    let kinds = ["device:", "swtpm:", "mssim:", "tabrmd:"];
    match text {
        "auto" => Ok(TpmChoice::Auto),
        "none" => Ok(TpmChoice::None),
        tcti if kinds.iter().any(|kind| tcti.starts_with(kind)) => Ok(TpmChoice::At(tcti.to_owned())),
        other => wrong(
            format!("signing.tpm = \"{other}\": 须为 auto、none 或 TPM 接口名,例如 device:/dev/tpmrm0"),
            format!(
                "signing.tpm = \"{other}\": must be auto, none or the TPM's interface (TCTI), \
                 for example device:/dev/tpmrm0"
            ),
        ),
    }
}
