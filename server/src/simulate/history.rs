//! The back-fill: what all devices measured before the run began, as far as the server does not have it.
//!
//! It goes through line protocol like any other history, in order of time, with a few requests in flight; each may be
//! sent again without harm.

use super::delivery::{Delivery, Parcel};
use super::device::{Device, samples};
use super::line_feed::write_path;
use super::lines::LineNames;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use taydo_model::{Kpi, SourceId, api::Point, api::ReadingsPage};

/// How much of the past one request holds: about 2,000 lines.
const CHUNK: SignedDuration = SignedDuration::from_mins(10);
/// Requests that the server has not answered; when so many are, the next ones wait.
const IN_FLIGHT: usize = 4;
/// How much the server is asked about at once.
const ASKED: SignedDuration = SignedDuration::from_hours(12);

/// A stretch of time: after the first, up to the second.
pub(super) type Stretch = (Timestamp, Timestamp);

/// The back-fill.
#[derive(Debug)]
pub(super) struct History<'a> {
    pub(super) devices: &'a [Device],
    pub(super) source: SourceId,
    pub(super) names: LineNames,
    pub(super) delivery: Delivery,
}

impl History<'_> {
    /// Sends what is missing. `false` when the run was stopped before that.
    ///
    /// # Errors
    /// When a batch can't be compressed.
    pub(super) async fn run(&self, missing: &[Stretch]) -> anyhow::Result<bool> {
        let path = &write_path(&self.source);
        let send = |stretch: Stretch| async move {
            let mut text = String::new();
            for sample in samples(self.devices, stretch.0, stretch.1) {
                self.names.write(&sample, &mut text);
            }
            let is_sent = text.is_empty() || self.delivery.post(path, &Parcel::lines(&text)?).await;
            if is_sent {
                self.delivery.report.advance(minutes(&[stretch]));
            }
            anyhow::Ok(is_sent)
        };
        let chunks = missing.iter().flat_map(|stretch| chunks(*stretch, CHUNK));
        let sent = stream::iter(chunks).map(send).buffered(IN_FLIGHT);
        let all_sent = sent.try_fold(true, |all, one| std::future::ready(Ok(all && one))).await?;
        self.delivery.report.finish();
        Ok(all_sent)
    }
}

/// Which parts of a stretch the server has no readings of. Everything, where it doesn't say.
pub(super) async fn missing(delivery: &Delivery, kpi: Option<&Kpi>, whole: Stretch) -> Vec<Stretch> {
    let Some(kpi) = kpi else { return vec![whole] };
    let mut points = Vec::new();
    for (from, to) in chunks(whole, ASKED) {
        let path = format!("/api/v1/kpis/{}/readings?scope=city&from={from}&to={to}", kpi.id);
        match delivery.get::<ReadingsPage>(&path).await {
            Ok(page) => points.extend(page.points),
            Err(_) => return vec![whole],
        }
    }
    holes(&points, whole, i64::from(kpi.every_s), i64::from(kpi.window().longest_s()))
}

/// The stretches without readings on a grid of `every_s` seconds. A reading rests on the window before it, so a
/// stretch begins that much earlier than its first missing reading.
fn holes(points: &[Point], whole: Stretch, every_s: i64, window_s: i64) -> Vec<Stretch> {
    let every_s = every_s.max(1);
    let have: std::collections::BTreeSet<i64> =
        points.iter().filter(|point| point.value.is_some()).map(|point| point.time.as_second()).collect();
    let first = whole.0.as_second().div_euclid(every_s) + 1;
    let last = whole.1.as_second().div_euclid(every_s);
    let mut holes: Vec<Stretch> = Vec::new();
    for instant in (first..=last).map(|number| number * every_s).filter(|instant| !have.contains(instant)) {
        let moment = |second| Timestamp::from_second(second).unwrap_or(whole.0).clamp(whole.0, whole.1);
        let (from, to) = (moment(instant - window_s.max(every_s)), moment(instant));
        match holes.last_mut() {
            Some(before) if before.1 >= from => before.1 = to,
            _ => holes.push((from, to)),
        }
    }
    holes
}

/// How many minutes some stretches have together.
pub(super) fn minutes(stretches: &[Stretch]) -> u64 {
    let seconds: i64 = stretches.iter().map(|(from, to)| to.as_second() - from.as_second()).sum();
    (seconds.max(0) / 60).cast_unsigned()
}

fn chunks(stretch: Stretch, long: SignedDuration) -> impl Iterator<Item = Stretch> {
    let mut from = stretch.0;
    std::iter::from_fn(move || {
        let to = from.checked_add(long).unwrap_or(stretch.1).min(stretch.1);
        let chunk = (from < to).then_some((from, to));
        from = to;
        chunk
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::Quality;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn holes_of(have: impl IntoIterator<Item = i64>) -> Vec<(i64, i64)> {
        let point = |minute| Point { time: at(minute), value: Some(1.0), quality: Quality::Good };
        let points: Vec<Point> = have.into_iter().map(point).collect();
        let minute = |time: Timestamp| time.as_second() / 60;
        holes(&points, (at(100), at(200)), 60, 300).into_iter().map(|(from, to)| (minute(from), minute(to))).collect()
    }

    #[test]
    fn only_what_is_missing_is_sent() {
        assert_eq!(holes_of([]), [(100, 200)]);
        assert_eq!(holes_of(101..=200), []);
        // The window hides the first minutes of a gap.
        assert_eq!(holes_of((101..=200).filter(|minute| !(140..150).contains(minute))), [(135, 149)]);
        assert_eq!(holes_of(101..150), [(145, 200)]);
    }

    #[test]
    fn chunks_cover_the_whole_without_overlap() {
        let chunks: Vec<Stretch> = chunks((at(0), at(25)), CHUNK).collect();
        assert_eq!(chunks, [(at(0), at(10)), (at(10), at(20)), (at(20), at(25))]);
        assert_eq!(minutes(&chunks), 25);
    }
}
