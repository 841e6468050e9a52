//! `taydo serve`: starts the centre.

use crate::app::{self, Application};
use crate::config::{self, Answer, Config};
use crate::store::DatabaseAddress;
use crate::telemetry;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Runs the centre: takes data in, computes, and serves the screens
///
/// Without --database it runs a private PostgreSQL of its own from the installed binaries. It listens on loopback only.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The city's folder of definition files
    #[arg(long, value_name = "DIR")]
    city: PathBuf,
    /// Where the server keeps its data [default: /var/lib/taydo as root, else taydo in the user's data folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 4390)]
    port: u16,
    /// The broker of the MQTT sources, such as 127.0.0.1:4391
    #[arg(long, value_name = "ADDRESS")]
    mqtt: Option<SocketAddr>,
    /// Another database server, such as postgresql://taydo@db:5432/taydo
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The file that holds the database's password
    #[arg(long, value_name = "FILE", requires = "database")]
    database_password_file: Option<PathBuf>,
    /// The folder into which departments put files with figures, each into a folder of its own (see docs/departments.md)
    #[arg(long, value_name = "DIR")]
    inbox: Option<PathBuf>,
    /// The file that names the providers of e-mail, SMS, calls and chat; without it nobody is paged (see docs/paging.md)
    #[arg(long, value_name = "FILE")]
    paging: Option<PathBuf>,
    /// The file that says when back-ups are made and where they go; without it none are made by themselves (see docs/backups.md)
    #[arg(long, value_name = "FILE")]
    backups: Option<PathBuf>,
    /// Changes the embedded database's schema without a back-up before
    #[arg(long)]
    skip_migration_backup: bool,
    /// The port on 127.0.0.1 of the listener that answers messages' links; a proxy makes it reachable
    #[arg(long, value_name = "PORT", requires = "answer_url")]
    answer_port: Option<u16>,
    /// How people reach that listener, such as https://answer.example.vn
    #[arg(long, value_name = "URL", requires = "answer_port")]
    answer_url: Option<String>,
    /// How often changes are sent to the screens, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 250, value_parser = clap::value_parser!(u64).range(50..=1000))]
    tick_ms: u64,
    /// Threads that serve connections
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    workers: u8,
    /// Logs as lines of JSON
    #[arg(long)]
    log_json: bool,
    /// The Unix socket of the test that moves the clock
    #[cfg(feature = "test-clock")]
    #[arg(long, value_name = "SOCKET", hide = true)]
    test_clock: Option<PathBuf>,
    /// What a test calls this build: pages of another one load themselves again
    #[cfg(feature = "test-clock")]
    #[arg(long, value_name = "NAME", hide = true)]
    test_build: Option<String>,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::log(self.log_json);
        let config = self.check()?;
        app::runtime()?.block_on(async move {
            // Whoever started the server reads its port here, also where it was left to chance.
            let announce = |port| println!("http://127.0.0.1:{port}/");
            let application = Application::build(config, announce).await?;
            application.run_until_stopped(telemetry::stop_signal()).await?;
            Ok(ExitCode::SUCCESS)
        })
    }

    fn check(self) -> anyhow::Result<Config> {
        let password_file = self.database_password_file.as_deref();
        let database = self.database.as_deref().map(|url| DatabaseAddress::parse(url, password_file)).transpose()?;
        let answer =
            self.answer_port.zip(self.answer_url).map(|(port, url)| Answer { listen: SocketAddr::from(([127, 0, 0, 1], port)), url });
        Ok(Config {
            city: self.city,
            data: self.data.map_or_else(config::default_data, Ok)?,
            listen: SocketAddr::from(([127, 0, 0, 1], self.port)),
            mqtt: self.mqtt,
            database,
            inbox: self.inbox,
            paging: self.paging,
            backups: self.backups,
            migration_backup: !self.skip_migration_backup,
            answer,
            tick: Duration::from_millis(self.tick_ms),
            workers: usize::from(self.workers),
            #[cfg(feature = "test-clock")]
            test_clock: self.test_clock,
            #[cfg(not(feature = "test-clock"))]
            test_clock: None,
            #[cfg(feature = "test-clock")]
            test_build: self.test_build,
            #[cfg(not(feature = "test-clock"))]
            test_build: None,
        })
    }
}
