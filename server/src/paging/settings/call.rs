//! Gateways in the paging file: requests with places to be filled, and what an answer means.
//!
//! It must never guess what a provider means: whatever isn't said is a failure that is tried again.

use super::hook::{RawReply, RawReport};
use super::secret;
use crate::paging::dead_man::DeadMan;
use crate::paging::egress::Egress;
use crate::paging::gateway::template::{Escape, Template, Values};
use crate::paging::gateway::{self, Call, Expected, Gateway, Question};
use crate::paging::reply::ReplyShape;
use crate::paging::report::ReportShape;
use crate::paging::sms::is_number;
use reqwest::{Client, Method, Url};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use taydo_model::oncall::Channel;

/// The statuses that mean that a message will never be taken, where the file doesn't say.
const PERMANENT: [u16; 3] = [400, 410, 422];

/// `[[sms]]`, `[[voice]]` or `[[chat]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGateway {
    pub(super) name: String,
    pub(super) time_limit_s: Option<u64>,
    /// Where its canaries go.
    pub(super) canary: Option<String>,
    url: String,
    #[serde(default = "post")]
    method: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<String>,
    #[serde(default = "json")]
    content_type: String,
    secret_file: Option<PathBuf>,
    reference: Option<String>,
    accepted: Option<RawExpected>,
    permanent: Option<RawExpected>,
    permanent_status: Option<Vec<u16>>,
    retry_after: Option<String>,
    status: Option<RawQuestion>,
    report: Option<RawReport>,
    reply: Option<RawReply>,
}

/// A place in an answer of JSON, and what stands there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpected {
    at: String,
    values: Vec<String>,
}

/// How the provider is asked about a message by our reference.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuestion {
    url: String,
    #[serde(default = "get")]
    method: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<String>,
    known: Option<RawExpected>,
    failed: Option<RawExpected>,
    reference: Option<String>,
}

fn post() -> String {
    "POST".to_owned()
}

fn get() -> String {
    "GET".to_owned()
}

fn json() -> String {
    "application/json".to_owned()
}

fn escape(content_type: &str) -> Escape {
    match content_type.split(';').next().unwrap_or_default().trim() {
        "application/json" => Escape::Json,
        "application/x-www-form-urlencoded" => Escape::Form,
        _ => Escape::Plain,
    }
}

impl RawExpected {
    fn checked(&self) -> Result<Expected, String> {
        pointer(&self.at)?;
        Ok(Expected { at: self.at.clone(), values: self.values.clone() })
    }
}

pub(super) fn pointer(at: &str) -> Result<(), String> {
    if at.starts_with('/') { Ok(()) } else { Err(format!("{at:?} is no JSON pointer, such as \"/messages/0/id\"")) }
}

fn call(url: &str, method: &str, headers: &HashMap<String, String>, body: Option<&str>, content_type: &str) -> Result<Call, String> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| format!("{method:?} is no method"))?;
    let template = Template::parse(url, Escape::Form)?;
    let sample = Values { address: "+84901234567", text: "\"text\"", subject: "s", reference: "r", secret: "s" };
    let filled = Url::parse(&template.fill(&sample)).map_err(|error| format!("url: {error}"))?;
    if !matches!(filled.scheme(), "http" | "https") {
        return Err("url must begin with https:// or http://".to_owned());
    }
    let body = body.map(|body| Template::parse(body, escape(content_type))).transpose()?;
    if let (Some(body), Escape::Json) = (&body, escape(content_type)) {
        serde_json::from_str::<serde_json::Value>(&body.fill(&sample)).map_err(|error| format!("body is no JSON: {error}"))?;
    }
    let mut headers = gateway::headers(headers)?;
    if body.is_some() {
        headers.extend(gateway::headers(&HashMap::from([("content-type".to_owned(), content_type.to_owned())]))?);
    }
    Ok(Call { method, url: template, headers, body })
}

/// Whether an address with places may be called, as far as it can be told without resolving its name.
fn destination(url: &str, egress: &Egress) -> Result<(), String> {
    Url::parse(&url.replace(['{', '}'], "")).map_or(Ok(()), |url| egress.check_literal(&url))
}

/// `[dead_man]`: the watcher outside that raises the alarm when nothing is heard from here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDeadMan {
    url: String,
    #[serde(default = "get")]
    method: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    secret_file: Option<PathBuf>,
}

impl RawDeadMan {
    pub(super) fn resolve(&mut self, folder: &Path) {
        self.secret_file = self.secret_file.take().map(|file| folder.join(file));
    }

    pub(super) fn problems(&self, egress: &Egress) -> Vec<String> {
        let needs_secret = format!("{}{:?}", self.url, self.headers).contains("{secret}");
        let unsaid = (needs_secret && self.secret_file.is_none()).then(|| "{secret} is used and there is no secret_file".to_owned());
        let found = [self.call().map(drop).err(), destination(&self.url, egress).err(), unsaid];
        found.into_iter().flatten().map(|problem| format!("[dead_man]: {problem}")).collect()
    }

    fn call(&self) -> Result<Call, String> {
        call(&self.url, &self.method, &self.headers, None, "text/plain")
    }

    /// The way to it; its secret is read now.
    pub(super) fn way(&self, client: Client, egress: &Egress) -> anyhow::Result<DeadMan> {
        let secret = self.secret_file.as_deref().map(secret).transpose()?.unwrap_or_default();
        Ok(DeadMan { client, egress: egress.clone(), call: self.call().map_err(anyhow::Error::msg)?, secret })
    }
}

impl RawQuestion {
    fn checked(&self, content_type: &str) -> Result<Question, String> {
        self.reference.as_deref().map(pointer).transpose()?;
        Ok(Question {
            call: call(&self.url, &self.method, &self.headers, self.body.as_deref(), content_type)?,
            known: self.known.as_ref().map(RawExpected::checked).transpose()?,
            failed: self.failed.as_ref().map(RawExpected::checked).transpose()?,
            reference: self.reference.clone(),
        })
    }
}

impl RawGateway {
    pub(super) fn resolve(&mut self, folder: &Path) {
        self.secret_file = self.secret_file.take().map(|file| folder.join(file));
        if let Some(report) = &mut self.report {
            report.resolve(folder);
        }
        if let Some(reply) = &mut self.reply {
            reply.resolve(folder);
        }
    }

    /// Everything that is wrong with it, each by its name.
    pub(super) fn problems(&self, channel: Channel, egress: &Egress) -> Vec<String> {
        let mut problems = Vec::new();
        let mut note =
            |what: &str, result: Result<(), String>| problems.extend(result.err().map(|error| format!("{}: {what}{error}", self.name)));
        note("", self.call().map(drop));
        note("", destination(&self.url, egress));
        note("status: ", self.status.as_ref().map_or(Ok(()), |one| destination(&one.url, egress)));
        note("reference: ", self.reference.as_deref().map_or(Ok(()), pointer));
        note("retry_after: ", self.retry_after.as_deref().map_or(Ok(()), pointer));
        note("accepted: ", self.accepted.as_ref().map_or(Ok(()), |one| one.checked().map(drop)));
        note("permanent: ", self.permanent.as_ref().map_or(Ok(()), |one| one.checked().map(drop)));
        note("status: ", self.status.as_ref().map_or(Ok(()), |one| one.checked(&self.content_type).map(drop)));
        note("report: ", self.report.as_ref().map_or(Ok(()), RawReport::check));
        note("reply: ", self.reply.as_ref().map_or(Ok(()), |one| one.check(channel)));
        if self.canary.is_some() && !self.reports_arrival() {
            problems.push(format!(
                "{}: canary needs a [report] that names words for `delivered`: without it nobody knows whether one arrived",
                self.name
            ));
        }
        if let (Some(canary), Channel::Sms | Channel::Voice) = (&self.canary, channel)
            && !is_number(canary)
        {
            problems.push(format!("{}: canary is no telephone number in E.164, such as +84901234567", self.name));
        }
        let needs_secret = format!("{}{:?}{:?}", self.url, self.headers, self.body).contains("{secret}");
        if needs_secret && self.secret_file.is_none() {
            problems.push(format!("{}: {{secret}} is used and there is no secret_file", self.name));
        }
        problems
    }

    /// Whether it reports later that a message arrived.
    pub(super) fn reports_arrival(&self) -> bool {
        self.report.as_ref().is_some_and(RawReport::tells_of_arrival)
    }

    /// How its reports are read, where it sends any; their secret is read now.
    pub(super) fn report(&self) -> anyhow::Result<Option<ReportShape>> {
        self.report.as_ref().map(RawReport::shape).transpose()
    }

    /// How its replies are read, where it passes any on; their secret is read now.
    pub(super) fn reply(&self, channel: Channel) -> anyhow::Result<Option<ReplyShape>> {
        self.reply.as_ref().map(|reply| reply.shape(channel)).transpose()
    }

    fn call(&self) -> Result<Call, String> {
        call(&self.url, &self.method, &self.headers, self.body.as_deref(), &self.content_type)
    }

    /// The way to it; its secret is read now.
    pub(super) fn gateway(&self, client: &Client, egress: &Egress) -> anyhow::Result<Gateway> {
        let expected = |raw: &Option<RawExpected>| raw.as_ref().map(RawExpected::checked).transpose().map_err(anyhow::Error::msg);
        Ok(Gateway {
            client: client.clone(),
            egress: egress.clone(),
            secret: self.secret_file.as_deref().map(secret).transpose()?.unwrap_or_default(),
            call: self.call().map_err(anyhow::Error::msg)?,
            reference: self.reference.clone(),
            accepted: expected(&self.accepted)?,
            permanent: expected(&self.permanent)?,
            permanent_status: self.permanent_status.clone().unwrap_or_else(|| PERMANENT.to_vec()),
            retry_after: self.retry_after.clone(),
            question: self.status.as_ref().map(|one| one.checked(&self.content_type)).transpose().map_err(anyhow::Error::msg)?,
        })
    }
}
