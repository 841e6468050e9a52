//! `cargo xtask bench charts`: what charts cost in a browser, the product's and uPlot's in turn in one run, on a page of
//! 3840 × 2160 with 12 and 40 charts of 600 points each, updated once and ten times a second.
//!
//! Of each update: the script's time, layouts that it forced, the CPU time of the page's main thread, frames of more than 50 ms.

use anyhow::{Context, bail, ensure};
use std::path::PathBuf;
use taydo_bench::figures::{Figures, verdict};
use taydo_bench::page::Page;

/// What is in turn, and what it is called.
const KINDS: [(&str, &str); 3] = [("product", "product"), ("uplot", "uPlot, 2 px line"), ("uplot-thin", "uPlot, 1 px line")];
/// Charts, updates a second, and how many of them are measured in a round.
const LOADS: [(u32, u32, u32); 4] = [(12, 1, 6), (12, 10, 40), (40, 1, 6), (40, 10, 40)];
const ROUNDS: usize = 3;
/// The script's milliseconds of an update of 12 charts.
const SCRIPT_AIM_MS: f64 = 3.0;

/// What updates of one kind took under one load, a figure for each round.
#[derive(Default)]
struct Took {
    /// The median update's script, ms; and that below which nineteen in twenty lie.
    script: Figures,
    script_p95: Figures,
    /// Layouts an update.
    layouts: Figures,
    /// The main thread's CPU ms an update.
    thread: Figures,
    /// Frames of more than 50 ms, for each update; and the longest one, ms.
    long: Figures,
    longest: Figures,
    /// Updates a second that were reached.
    pace: Figures,
}

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args_os().skip(1);
    let folder: PathBuf = words.next().context("usage: bench-charts FOLDER")?.into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::task::LocalSet::new().run_until(async {
        let page = Page::open(folder).await?;
        let outcome = tokio::select! {
            outcome = measure(&page) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped by Ctrl-C")),
        };
        page.close().await;
        outcome
    }))
}

async fn measure(page: &Page) -> anyhow::Result<()> {
    let mut all: Vec<Vec<Took>> = LOADS.iter().map(|_| KINDS.iter().map(|_| Took::default()).collect()).collect();
    for round in 1..=ROUNDS {
        for ((charts, hertz, updates), kinds) in LOADS.iter().zip(&mut all) {
            for ((kind, _), took) in KINDS.iter().zip(kinds) {
                one(page, kind, (*charts, *hertz, *updates), took).await.with_context(|| format!("{kind}, {charts} charts"))?;
                if round == 1 && *hertz == 1 {
                    page.picture(&format!("charts-{kind}-{charts}")).await?;
                }
            }
        }
        eprintln!("round {round} of {ROUNDS}");
    }
    report(&all);
    Ok(())
}

async fn one(page: &Page, kind: &str, (charts, hertz, updates): (u32, u32, u32), took: &mut Took) -> anyhow::Result<()> {
    let canvases = page.ask(&format!("return window.begin('{kind}', {charts}, {hertz})")).await?;
    ensure!(canvases.as_u64() >= Some(u64::from(charts)), "only {canvases} canvases");
    let before = (page.metric("LayoutCount").await?, page.metric("ThreadTime").await?);
    let told = page.ask(&format!("return window.run({updates}, {hertz})")).await?;
    let after = (page.metric("LayoutCount").await?, page.metric("ThreadTime").await?);
    let list = |name: &str| -> anyhow::Result<Figures> {
        let Some(list) = told.get(name).and_then(serde_json::Value::as_array) else { bail!("the page told no `{name}`: {told}") };
        let mut figures = Figures::default();
        list.iter().filter_map(serde_json::Value::as_f64).for_each(|one| figures.push(one));
        Ok(figures)
    };
    let (script, long) = (list("took")?, list("long")?);
    let count = f64::from(updates);
    ensure!(script.count() == usize::try_from(updates)?, "the page updated {} times", script.count());
    took.script.push(script.median());
    took.script_p95.push(script.quantile(0.95));
    took.layouts.push((after.0 - before.0) / count);
    took.thread.push((after.1 - before.1) * 1e3 / count);
    took.long.push(long.count() as f64 / count);
    took.longest.push(if long.count() == 0 { 0.0 } else { long.quantile(1.0) });
    took.pace.push(count / told.get("seconds").and_then(serde_json::Value::as_f64).context("the page's seconds")?);
    Ok(())
}

fn report(all: &[Vec<Took>]) {
    println!("an update, medians of {ROUNDS} rounds (lowest–highest), 600 points a chart, 3840 × 2160 without a graphics card");
    println!(
        "{:<34} {:>22} {:>10} {:>9} {:>24} {:>12} {:>12} {:>10}",
        "", "script, ms", "p95", "layouts", "main thread CPU, ms", "long frames", "longest, ms", "updates/s"
    );
    for ((charts, hertz, _), kinds) in LOADS.iter().zip(all) {
        for ((_, name), took) in KINDS.iter().zip(kinds) {
            println!(
                "{:<34} {:>22} {:>10.1} {:>9.2} {:>24} {:>12.2} {:>12.0} {:>10.1}",
                format!("{charts} charts, {hertz} Hz, {name}"),
                took.script.show(1),
                took.script_p95.median(),
                took.layouts.median(),
                took.thread.show(1),
                took.long.median(),
                took.longest.median(),
                took.pace.median(),
            );
        }
    }
    for ((charts, hertz, _), kinds) in LOADS.iter().zip(all) {
        let [product, uplot, ..] = kinds.as_slice() else { continue };
        let what = |what: &str| format!("{charts} charts, {hertz} Hz: {what}");
        if *charts == 12 {
            println!("{}", verdict(&what("script, ms"), &product.script, SCRIPT_AIM_MS, true));
        }
        println!("{}", verdict(&what("layouts an update"), &product.layouts, 0.0, true));
        println!("{}", verdict(&what("main thread CPU ÷ uPlot's"), &product.thread.over(&uplot.thread), 1.0, true));
    }
}
