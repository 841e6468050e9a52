//! The server that a command talks to: the one that runs, or one that is started for the command alone.
//!
//! It must never let a command touch the database by itself: the server is the only one that writes.

use crate::app::Application;
use crate::config::{self, Config};
use anyhow::{Context as _, bail};
use reqwest::{RequestBuilder, Url};
use serde::de::DeserializeOwned;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use taydo_model::ErrorBody;

/// Where the server is.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Server {
    /// The running server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4390")]
    server: String,
    /// The city's folder: when no server answers, one is started for this command alone, with its embedded database
    #[arg(long, value_name = "DIR")]
    city: Option<PathBuf>,
    /// Where that server keeps its data [default: as `taydo serve` has it]
    #[arg(long, value_name = "DIR", requires = "city")]
    data: Option<PathBuf>,
}

/// The server's address.
#[derive(Debug, Clone)]
pub(super) struct Client {
    base: Url,
    http: reqwest::Client,
}

impl Server {
    /// Does the command's work with the running server, or with one that runs until the work is done.
    pub(super) async fn with<T>(&self, work: impl AsyncFnOnce(Client) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let absent = matches!(reqwest::get(&self.server).await, Err(error) if error.is_connect());
        let Some(city) = self.city.clone().filter(|_| absent) else { return work(Client::of(&self.server)?).await };
        eprintln!("no server answers at {}; starting one for this command", self.server);
        let data = self.data.clone().map_or_else(config::default_data, Ok)?;
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let tick = Duration::from_millis(250);
        let config = Config {
            city,
            data,
            listen,
            mqtt: None,
            database: None,
            inbox: None,
            paging: None,
            backups: None,
            migration_backup: true,
            answer: None,
            tick,
            workers: 1,
            test_clock: None,
            test_build: None,
        };
        let application = Application::build(config, |_| ()).await?;
        let client = Client::of(&format!("http://127.0.0.1:{}", application.port()))?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        // The sender going away means the same.
        let running = application.run_until_stopped(async move { drop(stopped.await) });
        let working = async {
            let outcome = work(client).await;
            drop(stop);
            outcome
        };
        let (ran, outcome) = tokio::join!(running, working);
        ran?;
        outcome
    }
}

impl Client {
    fn of(server: &str) -> anyhow::Result<Self> {
        let base = Url::parse(server).with_context(|| format!("--server {server:?} is not a URL"))?;
        Ok(Self { base, http: reqwest::Client::new() })
    }

    /// A request to GET a path.
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path))
    }

    /// A request to POST to a path with this query.
    pub(super) fn post(&self, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        self.http.post(self.asked(path, query))
    }

    /// A request to GET a path with this query.
    pub(super) fn look_up(&self, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        self.http.get(self.asked(path, query))
    }

    fn asked(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// The answer to a request. `what` is refused, in the message, where the server refuses; `after` says what to do when it
    /// broke off.
    pub(super) async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder, what: &str, after: &str) -> anyhow::Result<T> {
        let text = self.text(request, what, after).await?;
        serde_json::from_str(&text).context("the server's answer can't be read; is it of this version?")
    }

    /// The same as it is written.
    pub(super) async fn text(&self, request: RequestBuilder, what: &str, after: &str) -> anyhow::Result<String> {
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => bail!(
                "no server answers at {}; start one with `taydo serve --city DIR`, name another with --server, or give --city for one of the command's own",
                self.base
            ),
            Err(error) => return Err(error).with_context(|| format!("the server broke off; {after}")),
        };
        let (status, text) = (response.status(), response.text().await?);
        if status.is_success() {
            return Ok(text);
        }
        match serde_json::from_str::<ErrorBody>(&text) {
            Ok(refusal) => bail!("{what} was refused: {} (request {})", refusal.message, refusal.request_id),
            Err(_) => bail!("{what} was refused: the server answered {status}"),
        }
    }
}
