//! A page of a measurement: a folder of files, served on loopback to a headless browser, and questions about what it does.
//!
//! It must never serve anything to other machines.

use crate::browser::Browser;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use anyhow::{Context, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use taydo_server::clock::Clock;

const WIDTH: u32 = 3840;
const HEIGHT: u32 = 2160;

/// An open page.
#[derive(Debug)]
pub struct Page {
    browser: Browser,
    server: ServerHandle,
    folder: PathBuf,
}

impl Page {
    /// Serves a folder and opens its `index.html`, until that says that it is ready. Must run in a `LocalSet`.
    ///
    /// # Errors
    /// When there is no browser, or the page doesn't become ready.
    pub async fn open(folder: PathBuf) -> anyhow::Result<Self> {
        let root = folder.clone();
        let app = move || {
            let root = root.clone();
            App::new().default_service(web::get().to(move |request: HttpRequest| {
                let answer = file(&root, request.path());
                async move { answer }
            }))
        };
        let bound = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0")?;
        let address = bound.addrs().first().context("the page's address")?.to_string();
        let running = bound.run();
        let server = running.handle();
        tokio::task::spawn_local(running);
        let page = Self { browser: Browser::start(WIDTH, HEIGHT).await?, server, folder };
        page.browser.open(&format!("http://{address}/index.html")).await?;
        for _ in 0..200 {
            if page.ask("return window.ready === true").await? == true {
                return Ok(page);
            }
            Clock::real().sleep(Duration::from_millis(50)).await;
        }
        bail!("the page is not ready after ten seconds: {}", page.browser.console().await?)
    }

    /// What a script comes to; of a promise, what that comes to.
    ///
    /// # Errors
    /// When the script fails.
    pub async fn ask(&self, script: &str) -> anyhow::Result<Value> {
        self.browser.ask(script).await
    }

    /// One of Chromium's metrics of the page's main thread.
    ///
    /// # Errors
    /// When it has none of this name.
    pub async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        self.browser.metric(name).await
    }

    /// Writes what is seen beside the page's files.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn picture(&self, name: &str) -> anyhow::Result<()> {
        self.browser.picture(&self.folder.join(format!("{name}.png"))).await
    }

    /// Ends the browser and the server.
    pub async fn close(self) {
        self.browser.close().await;
        self.server.stop(false).await;
    }
}

fn file(root: &Path, path: &str) -> HttpResponse {
    let name = path.trim_start_matches('/');
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    match std::fs::read(root.join(name)) {
        Ok(bytes) if !name.contains("..") => HttpResponse::Ok().content_type(kind).body(bytes),
        _ => HttpResponse::NotFound().finish(),
    }
}
