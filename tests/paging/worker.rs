//! A worker of paging as a process of its own, for tests that kill it.
//!
//! `paging_worker DATABASE PAGING_FILE CLOCK_SOCKET`; without a socket it follows the machine's clock.
#![allow(clippy::expect_used, reason = "a test's own process")]

use harness::TestDesk;
use std::path::Path;
use std::sync::Arc;
use taydo_server::clock::Clock;
use taydo_server::paging::{Paging, Parts, Settings};
use taydo_server::store::{DatabaseAddress, Store};

fn main() {
    taydo_server::telemetry::log(false);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map(String::as_str);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let clock = match argument(2) {
            Some(socket) => Clock::from_socket(Path::new(socket)).await.expect("the clock"),
            None => Clock::real(),
        };
        let address = DatabaseAddress::parse(argument(0).expect("a database"), None).expect("its address");
        let store = Store::open(address.config(), clock.clone()).await.expect("the store");
        let settings = Settings::load(Path::new(argument(1).expect("a paging file"))).expect("the paging file");
        let _paging = Paging::start(Parts { store, clock, desk: Arc::new(TestDesk::default()), settings }).expect("paging starts");
        println!("started");
        std::future::pending::<()>().await;
    });
}
