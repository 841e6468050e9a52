//! Hooks in the paging file: how a provider's own requests are proved, and where in them what stands.
//!
//! It must never take a secret that could be guessed.

use super::call::pointer;
use super::{LEAST_SECRET, secret};
use crate::paging::hook::Proof;
use crate::paging::reply::ReplyShape;
use crate::paging::report::ReportShape;
use reqwest::header::HeaderName;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use taydo_model::oncall::Channel;

/// `[sms.report]`: what the provider reports about messages that it took.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReport {
    secret_file: PathBuf,
    token: Option<String>,
    signature: Option<RawSignature>,
    event: String,
    reference: Option<String>,
    provider_reference: Option<String>,
    state: String,
    #[serde(default)]
    delivered: Vec<String>,
    #[serde(default)]
    read: Vec<String>,
    #[serde(default)]
    failed: Vec<String>,
}

/// `[sms.reply]`: how the provider passes on what people answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReply {
    secret_file: PathBuf,
    token: Option<String>,
    signature: Option<RawSignature>,
    event: String,
    from: Option<String>,
    reference: Option<String>,
    provider_reference: Option<String>,
    text: String,
    country_code: Option<String>,
}

/// A signature of the body: the HMAC-SHA256 under the secret, in hexadecimal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSignature {
    header: String,
    #[serde(default)]
    prefix: String,
}

fn header(name: &str) -> Result<String, String> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header"))?;
    Ok(name.as_str().to_owned())
}

/// The header in which the proof stands.
fn proof_header(token: Option<&str>, signature: Option<&RawSignature>) -> Result<String, String> {
    match (token, signature) {
        (Some(_), Some(_)) => Err("token and signature exclude each other; the provider uses one of them".to_owned()),
        (_, Some(signature)) => header(&signature.header),
        (token, None) => header(token.unwrap_or("authorization")),
    }
}

fn proof(file: &Path, token: Option<&str>, signature: Option<&RawSignature>) -> anyhow::Result<Proof> {
    let secret = secret(file)?;
    anyhow::ensure!(secret.len() >= LEAST_SECRET, "the secret in {} is too short; make one of 32 characters", file.display());
    let header = proof_header(token, signature).map_err(anyhow::Error::msg)?;
    Ok(match signature {
        Some(signature) => Proof::Signature { header, prefix: signature.prefix.clone(), secret },
        None => Proof::Token { header, secret },
    })
}

fn pointers<'a>(all: impl IntoIterator<Item = Option<&'a String>>) -> Result<(), String> {
    all.into_iter().flatten().try_for_each(|at| pointer(at))
}

impl RawReport {
    pub(super) fn resolve(&mut self, folder: &Path) {
        self.secret_file = folder.join(&self.secret_file);
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.reference.is_none() && self.provider_reference.is_none() {
            return Err("name where the message is: reference (ours) or provider_reference (its own)".to_owned());
        }
        proof_header(self.token.as_deref(), self.signature.as_ref())?;
        pointers([Some(&self.event), Some(&self.state), self.reference.as_ref(), self.provider_reference.as_ref()])
    }

    /// Whether it can say that a message arrived.
    pub(super) fn tells_of_arrival(&self) -> bool {
        !self.delivered.is_empty() || !self.read.is_empty()
    }

    /// How it is read; its secret is read now.
    pub(super) fn shape(&self) -> anyhow::Result<ReportShape> {
        Ok(ReportShape {
            proof: proof(&self.secret_file, self.token.as_deref(), self.signature.as_ref())?,
            event: self.event.clone(),
            ours: self.reference.clone(),
            theirs: self.provider_reference.clone(),
            state: self.state.clone(),
            delivered: self.delivered.clone(),
            read: self.read.clone(),
            failed: self.failed.clone(),
        })
    }
}

impl RawReply {
    pub(super) fn resolve(&mut self, folder: &Path) {
        self.secret_file = folder.join(&self.secret_file);
    }

    pub(super) fn check(&self, channel: Channel) -> Result<(), String> {
        let is_by_message = self.reference.is_some() || self.provider_reference.is_some();
        if channel == Channel::Voice && !is_by_message {
            return Err("name where the call's message is: reference (ours) or provider_reference (its own)".to_owned());
        }
        if self.from.is_none() && !is_by_message {
            return Err("name where the address is (from), or the message (reference, provider_reference)".to_owned());
        }
        if self
            .country_code
            .as_ref()
            .is_some_and(|code| code.is_empty() || code.len() > 3 || !code.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err("country_code is 1 to 3 digits, such as \"84\"".to_owned());
        }
        proof_header(self.token.as_deref(), self.signature.as_ref())?;
        let references = [self.from.as_ref(), self.reference.as_ref(), self.provider_reference.as_ref()];
        pointers([Some(&self.event), Some(&self.text)].into_iter().chain(references))
    }

    /// How it is read; its secret is read now.
    pub(super) fn shape(&self, channel: Channel) -> anyhow::Result<ReplyShape> {
        Ok(ReplyShape {
            channel,
            proof: proof(&self.secret_file, self.token.as_deref(), self.signature.as_ref())?,
            event: self.event.clone(),
            // A call's key belongs to the call, whoever's telephone it was.
            from: self.from.clone().filter(|_| channel != Channel::Voice),
            ours: self.reference.clone(),
            theirs: self.provider_reference.clone(),
            text: self.text.clone(),
            country_code: self.country_code.clone(),
        })
    }
}
