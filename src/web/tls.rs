//! The room's certificate: self-signed until the centre's CA issues one, or the files of the configuration.
//!
//! The self-signed one is made once and kept below the data directory, its key readable by the owner only,
//! so that a panel that trusted it goes on trusting it.

use crate::accounts::write_private;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    #[error("cannot keep the certificate")]
    Keep(#[from] crate::accounts::AccountsError),
    #[error("cannot read {path}; check web.tls in the configuration")]
    Read {
        path: PathBuf,
        source: rustls::pki_types::pem::Error,
    },
    #[error("certificate and key do not serve; check web.tls in the configuration")]
    Use(#[source] rustls::Error),
}

/// Where certificate and key stand, PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl TlsFiles {
    /// The self-signed pair below `data`, made at the first start.
    pub fn self_signed(data: &Path, room_id: &str) -> Result<TlsFiles, TlsError> {
        let files = TlsFiles {
            cert: data.join("tls-cert.pem"),
            key: data.join("tls-key.pem"),
        };
        if files.cert.exists() && files.key.exists() {
            return Ok(files);
        }
        let names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            format!("{room_id}.shenlu.internal"),
        ];
        let made = rcgen::generate_simple_self_signed(names)?;
        write_private(&files.key, made.signing_key.serialize_pem().as_bytes())?;
        write_private(&files.cert, made.cert.pem().as_bytes())?;
        Ok(files)
    }

    /// Read and tried before anything is promised.
    pub fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let read = |path: &Path| {
            let path = path.to_owned();
            move |source| TlsError::Read { path, source }
        };
        let certs: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.cert)
            .and_then(Iterator::collect)
            .map_err(read(&self.cert))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(read(&self.key))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Use)?
            .with_no_client_auth()
            .with_single_cert(certs, key)
            .map_err(TlsError::Use)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}
