//! The paging file: which providers there are for each channel, and how they are spoken to. Text in, checked settings out,
//! with every problem by the name of what it is in.
//!
//! Secrets are in files of their own, which are read at the start. It must never hold one, nor show one.

mod call;
mod hook;

use super::chat::Chat;
use super::dead_man::DeadMan;
use super::egress::{Egress, networks};
use super::email::{Email, Encryption, Server};
use super::provider::Provider;
use super::reply::ReplyShape;
use super::report::ReportShape;
use super::sms::Sms;
use super::voice::Voice;
use super::webhook::Webhook;
use anyhow::Context as _;
use call::{RawDeadMan, RawGateway};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use taydo_model::oncall::Channel;

/// How long a provider may take where the file doesn't say, in seconds.
const LIMIT_S: u64 = 10;
/// The longest that it may be given: an attempt has to be over before its lease is.
const MOST_LIMIT_S: u64 = 20;
/// The shortest secret that webhooks may be signed with, in bytes.
const LEAST_SECRET: usize = 16;

/// The providers, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where requests may go.
    pub egress: Egress,
    mail: Vec<RawMail>,
    gateways: Vec<(Channel, RawGateway)>,
    webhook: Option<RawWebhook>,
    dead_man: Option<RawDeadMan>,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    outgoing: RawOutgoing,
    #[serde(default)]
    smtp: Vec<RawMail>,
    #[serde(default)]
    sms: Vec<RawGateway>,
    #[serde(default)]
    voice: Vec<RawGateway>,
    #[serde(default)]
    chat: Vec<RawGateway>,
    webhook: Option<RawWebhook>,
    dead_man: Option<RawDeadMan>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutgoing {
    /// Private networks that may be called.
    #[serde(default)]
    private: Vec<String>,
    /// The ports that webhooks may have.
    #[serde(default)]
    ports: Vec<u16>,
}

/// `[[smtp]]`: a mail server. It is named by whoever runs the centre, so it may be anywhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMail {
    name: String,
    host: String,
    port: u16,
    tls: Encryption,
    from: String,
    user: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    time_limit_s: Option<u64>,
    /// Where its canaries go.
    canary: Option<String>,
}

/// `[webhook]`: how webhooks are signed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWebhook {
    secret_file: PathBuf,
    time_limit_s: Option<u64>,
}

impl Settings {
    /// Reads and checks the file. Files that it names are taken from its own folder where their paths are relative.
    ///
    /// # Errors
    /// Every problem, one a line, by the name of the part that it is in.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("can't read the paging file {}", file.display()))?;
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        let parsed = Self::parse(&text, folder);
        parsed.map_err(|problems| anyhow::anyhow!("the paging file {} can't be used; mend these:\n{}", file.display(), problems.join("\n")))
    }

    /// Checks the text of a file in this folder.
    ///
    /// # Errors
    /// Every problem, by the name of the part that it is in.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Vec<String>> {
        let raw: RawFile = toml::from_str(text).map_err(|error| vec![error.to_string().trim().to_owned()])?;
        let mut problems = Vec::new();
        let private = networks(&raw.outgoing.private).unwrap_or_else(|error| {
            problems.push(format!("[outgoing] private: {error}"));
            Vec::new()
        });
        let egress = Egress { private, ports: raw.outgoing.ports };
        let mut mail = raw.smtp;
        for one in &mut mail {
            one.resolve(folder);
            problems.extend(one.problems());
        }
        let kinds = [(Channel::Sms, raw.sms), (Channel::Voice, raw.voice), (Channel::Chat, raw.chat)];
        let mut gateways: Vec<(Channel, RawGateway)> =
            kinds.into_iter().flat_map(|(channel, list)| list.into_iter().map(move |one| (channel, one))).collect();
        for (channel, one) in &mut gateways {
            one.resolve(folder);
            problems.extend(one.problems(*channel, &egress));
            problems.extend(limit_problem(&one.name, one.time_limit_s));
        }
        let mut webhook = raw.webhook;
        if let Some(webhook) = &mut webhook {
            webhook.secret_file = folder.join(&webhook.secret_file);
            problems.extend(limit_problem("[webhook]", webhook.time_limit_s));
        }
        let names = mail.iter().map(|one| &one.name).chain(gateways.iter().map(|(_, one)| &one.name));
        let mut seen = HashSet::from([WEBHOOK]);
        problems.extend(
            names
                .filter(|name| !seen.insert(name.as_str()))
                .map(|name| format!("{name}: the name is used twice; give each provider its own")),
        );
        let mut dead_man = raw.dead_man;
        if let Some(dead_man) = &mut dead_man {
            dead_man.resolve(folder);
            problems.extend(dead_man.problems(&egress));
        }
        let settings = Self { egress, mail, gateways, webhook, dead_man };
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// The channels that something can be sent over.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        let mail = (!self.mail.is_empty()).then_some(Channel::Email);
        let webhook = self.webhook.is_some().then_some(Channel::Webhook);
        let mut channels: Vec<Channel> = mail.into_iter().chain(self.gateways.iter().map(|(channel, _)| *channel)).chain(webhook).collect();
        channels.dedup();
        channels
    }

    /// How reports are read, by the name of their provider; their secrets are read now.
    pub(super) fn reports(&self) -> anyhow::Result<HashMap<String, ReportShape>> {
        let mut reports = HashMap::new();
        for (_, gateway) in &self.gateways {
            if let Some(report) = gateway.report().with_context(|| format!("the provider {}", gateway.name))? {
                reports.insert(gateway.name.clone(), report);
            }
        }
        Ok(reports)
    }

    /// How replies are read, by the name of their provider; their secrets are read now.
    pub(super) fn replies(&self) -> anyhow::Result<HashMap<String, ReplyShape>> {
        let mut replies = HashMap::new();
        for (channel, gateway) in &self.gateways {
            if let Some(reply) = gateway.reply(*channel).with_context(|| format!("the provider {}", gateway.name))? {
                replies.insert(gateway.name.clone(), reply);
            }
        }
        Ok(replies)
    }

    /// Makes the ways to all providers, in the file's order.
    pub(super) fn providers(&self) -> anyhow::Result<Vec<(Channel, Provider)>> {
        let client = self.egress.client()?;
        let mut all = Vec::new();
        for mail in &self.mail {
            let server = mail.server().with_context(|| format!("the mail server {}", mail.name))?;
            // A mail server says nothing later: that it takes a canary is all that can be known.
            let canary = mail.canary.clone();
            all.push((Channel::Email, Provider { canary, ..provider(&mail.name, Box::new(Email::new(server)?), mail.time_limit_s) }));
        }
        for (channel, raw) in &self.gateways {
            let gateway = raw.gateway(&client, &self.egress).with_context(|| format!("the provider {}", raw.name))?;
            let way: Box<dyn super::channel::Channel> = match channel {
                Channel::Voice => Box::new(Voice(gateway)),
                Channel::Chat => Box::new(Chat(gateway)),
                _ => Box::new(Sms(gateway)),
            };
            let (canary, reports_arrival) = (raw.canary.clone(), raw.reports_arrival());
            all.push((*channel, Provider { canary, reports_arrival, ..provider(&raw.name, way, raw.time_limit_s) }));
        }
        if let Some(webhook) = &self.webhook {
            let secret = secret(&webhook.secret_file)?;
            anyhow::ensure!(
                secret.len() >= LEAST_SECRET,
                "the secret of webhooks has fewer than {LEAST_SECRET} characters; make a longer one"
            );
            let way = Webhook { client, egress: self.egress.clone(), secret: secret.into_bytes() };
            all.push((Channel::Webhook, Provider { has_breaker: false, ..provider(WEBHOOK, Box::new(way), webhook.time_limit_s) }));
        }
        Ok(all)
    }
}

impl Settings {
    /// The way to the watcher outside, where there is one; its secret is read now.
    pub(super) fn dead_man(&self) -> anyhow::Result<Option<DeadMan>> {
        let Some(raw) = &self.dead_man else { return Ok(None) };
        raw.way(self.egress.client()?, &self.egress).context("[dead_man]").map(Some)
    }
}

/// The name under which webhooks are attempted.
const WEBHOOK: &str = "webhook";

fn provider(name: &str, channel: Box<dyn super::channel::Channel>, limit_s: Option<u64>) -> Provider {
    let limit = Duration::from_secs(limit_s.unwrap_or(LIMIT_S));
    Provider { name: name.to_owned(), channel, limit, has_breaker: true, canary: None, reports_arrival: false }
}

fn limit_problem(name: &str, limit_s: Option<u64>) -> Option<String> {
    let is_wrong = limit_s.is_some_and(|limit_s| !(1..=MOST_LIMIT_S).contains(&limit_s));
    is_wrong.then(|| format!("{name}: time_limit_s must be from 1 to {MOST_LIMIT_S}"))
}

/// A secret from its file, without the line end that editors leave.
fn secret(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("can't read the secret in {}", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

impl RawMail {
    fn resolve(&mut self, folder: &Path) {
        for path in [&mut self.password_file, &mut self.ca_file].into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }

    fn problems(&self) -> Vec<String> {
        let name = &self.name;
        let mut problems: Vec<String> = limit_problem(name, self.time_limit_s).into_iter().collect();
        if let Err(error) = self.from.parse::<Mailbox>() {
            problems.push(format!("{name}: from {:?} is no address such as \"Tây Đô <truc@cantho.gov.vn>\": {error}", self.from));
        }
        if self.user.is_some() != self.password_file.is_some() {
            problems.push(format!("{name}: user and password_file belong together"));
        }
        if self.user.is_some() && self.tls == Encryption::None {
            problems.push(format!(
                "{name}: a password never goes over a connection that isn't encrypted; set tls to \"implicit\" or \"starttls\""
            ));
        }
        problems
    }

    fn server(&self) -> anyhow::Result<Server> {
        let credentials = match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => Some(Credentials::new(user.clone(), secret(file)?)),
            _ => None,
        };
        let ca = self.ca_file.as_ref().map(std::fs::read).transpose().context("can't read ca_file")?;
        let from = self.from.parse().context("from is no address")?;
        Ok(Server { host: self.host.clone(), port: self.port, encryption: self.tls, ca, credentials, from })
    }
}

#[cfg(test)]
mod tests;
