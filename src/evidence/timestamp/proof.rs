//! The token's own signature: by the certificate that lies in it, over the attributes that name the content. Pure.
//!
//! Called by `mod` for each token that is read. RSA and ECDSA, which time stamp servers use; of another algorithm
//! it says that it was not checked, and never that it holds.

use super::StampError;
use super::messages::TST_INFO;
use cms::cert::CertificateChoices;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Encode as _, Tag, Tagged as _};
use ring::{digest, signature};
use x509_cert::Certificate;

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");

pub(super) struct Proved {
    pub signer: String,
    /// Why nothing is proved; none if the signature holds.
    pub unproved: Option<String>,
}

/// Whether the one signer's signature over `content` holds.
pub(super) fn prove(signed: &SignedData, content: &[u8]) -> Result<Proved, StampError> {
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(StampError::Form("it has not one signer".to_owned()));
    };
    let certificate = certificate_of(signed, signer).ok_or(StampError::NoCertificate)?;
    let name = certificate.tbs_certificate.subject.to_string();
    let (Some(hash), Some(way)) = (hash_of(signer), way_of(signer, certificate)) else {
        let algorithm = format!("{} / {}", signer.digest_alg.oid, signer.signature_algorithm.oid);
        return Ok(Proved {
            signer: name,
            unproved: Some(algorithm),
        });
    };
    if attribute(signer, MESSAGE_DIGEST).as_deref() != Some(digest::digest(hash, content).as_ref()) {
        return Err(StampError::Signature("it is over another content"));
    }
    if attribute(signer, CONTENT_TYPE).as_deref() != Some(TST_INFO.as_bytes()) {
        return Err(StampError::Signature("it is over another kind of content"));
    }
    let attributes = signer.signed_attrs.as_ref().map(|attributes| attributes.to_der());
    let Some(Ok(attributes)) = attributes else {
        return Err(StampError::Signature("it covers no attributes"));
    };
    let key = &certificate
        .tbs_certificate
        .subject_public_key_info
        .subject_public_key;
    signature::UnparsedPublicKey::new(way, key.raw_bytes())
        .verify(&attributes, signer.signature.as_bytes())
        .map_err(|_| StampError::Signature("someone else signed, or it was changed"))?;
    Ok(Proved {
        signer: name,
        unproved: None,
    })
}

fn certificate_of<'a>(signed: &'a SignedData, signer: &SignerInfo) -> Option<&'a Certificate> {
    let all = signed.certificates.as_ref()?.0.iter();
    let mut certificates = all.filter_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => Some(certificate),
        CertificateChoices::Other(_) => None,
    });
    certificates.find(|certificate| {
        let known = &certificate.tbs_certificate;
        match &signer.sid {
            SignerIdentifier::IssuerAndSerialNumber(sid) => {
                sid.issuer == known.issuer && sid.serial_number == known.serial_number
            }
            SignerIdentifier::SubjectKeyIdentifier(sid) => {
                let extensions = known.extensions.iter().flatten();
                let mut identifiers =
                    extensions.filter(|extension| extension.extn_id == SUBJECT_KEY_IDENTIFIER);
                let wanted = sid.to_der().unwrap_or_default();
                identifiers.any(|extension| extension.extn_value.as_bytes() == wanted)
            }
        }
    })
}

/// An attribute's only value, without its tag.
fn attribute(signer: &SignerInfo, oid: ObjectIdentifier) -> Option<Vec<u8>> {
    let mut found = signer
        .signed_attrs
        .iter()
        .flat_map(|attributes| attributes.iter());
    let attribute = found.find(|attribute| attribute.oid == oid)?;
    let [value] = attribute.values.as_slice() else {
        return None;
    };
    match value.tag() {
        Tag::OctetString => value
            .decode_as::<OctetStringRef<'_>>()
            .ok()
            .map(|text| text.as_bytes().to_vec()),
        _ => Some(value.value().to_vec()),
    }
}

fn hash_of(signer: &SignerInfo) -> Option<&'static digest::Algorithm> {
    match signer.digest_alg.oid.to_string().as_str() {
        "2.16.840.1.101.3.4.2.1" => Some(&digest::SHA256),
        "2.16.840.1.101.3.4.2.2" => Some(&digest::SHA384),
        "2.16.840.1.101.3.4.2.3" => Some(&digest::SHA512),
        _ => None,
    }
}

fn way_of(
    signer: &SignerInfo,
    certificate: &Certificate,
) -> Option<&'static dyn signature::VerificationAlgorithm> {
    let hash = hash_of(signer)?;
    let key = &certificate.tbs_certificate.subject_public_key_info.algorithm;
    let curve = || key.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok();
    match signer.signature_algorithm.oid.to_string().as_str() {
        // RSA by itself, where the digest's algorithm stands beside it.
        "1.2.840.113549.1.1.1" if hash == &digest::SHA256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        "1.2.840.113549.1.1.1" if hash == &digest::SHA384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        "1.2.840.113549.1.1.1" => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        "1.2.840.113549.1.1.11" => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        "1.2.840.113549.1.1.12" => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        "1.2.840.113549.1.1.13" => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        "1.2.840.10045.4.3.2" => match curve()?.to_string().as_str() {
            "1.2.840.10045.3.1.7" => Some(&signature::ECDSA_P256_SHA256_ASN1),
            "1.3.132.0.34" => Some(&signature::ECDSA_P384_SHA256_ASN1),
            _ => None,
        },
        "1.2.840.10045.4.3.3" => match curve()?.to_string().as_str() {
            "1.2.840.10045.3.1.7" => Some(&signature::ECDSA_P256_SHA384_ASN1),
            "1.3.132.0.34" => Some(&signature::ECDSA_P384_SHA384_ASN1),
            _ => None,
        },
        _ => None,
    }
}
