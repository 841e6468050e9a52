//! A sketch of a set of samples that says its percentiles within 1/128 of their size.
//!
//! A bucket holds the samples whose magnitudes agree in their seven leading binary digits, as in an HDR histogram: the
//! state is a function of the set alone, whatever the order, and taking a sample out undoes putting it in. It is built
//! from whole numbers only, because a logarithm's last digit differs from one machine to the next.

use serde::{Deserialize, Serialize};

/// How many binary digits after the leading one tell buckets apart. A bucket's middle is within 2⁻⁷ of each of its samples.
const DIGITS: u32 = 6;

/// How many samples each bucket holds, by rising bucket; none is empty. Eight bytes a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sketch {
    buckets: Vec<(i16, u32)>,
}

impl Sketch {
    pub(crate) fn add(&mut self, ticks: i64) {
        let bucket = bucket(ticks);
        match self.buckets.binary_search_by_key(&bucket, |(have, _)| *have) {
            Ok(at) => {
                if let Some((_, count)) = self.buckets.get_mut(at) {
                    *count += 1;
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, 1)),
        }
    }

    /// Takes out a sample that is in it.
    pub(crate) fn remove(&mut self, ticks: i64) {
        let bucket = bucket(ticks);
        let Ok(at) = self.buckets.binary_search_by_key(&bucket, |(have, _)| *have) else { return };
        match self.buckets.get_mut(at) {
            Some((_, count)) if *count > 1 => *count -= 1,
            _ => {
                self.buckets.remove(at);
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let mut merged = Vec::with_capacity(self.buckets.len().max(other.buckets.len()));
        let (mut ours, mut theirs) = (self.buckets.iter().copied().peekable(), other.buckets.iter().copied().peekable());
        while let (Some(our), Some(their)) = (ours.peek(), theirs.peek()) {
            match our.0.cmp(&their.0) {
                std::cmp::Ordering::Less => merged.extend(ours.next()),
                std::cmp::Ordering::Greater => merged.extend(theirs.next()),
                std::cmp::Ordering::Equal => {
                    merged.push((our.0, our.1 + their.1));
                    ours.next();
                    theirs.next();
                }
            }
        }
        merged.extend(ours.chain(theirs));
        self.buckets = merged;
    }

    /// The percentile as SQL's `percentile_cont` has it, in ticks: with n samples, what lies at `share` · (n − 1) of the
    /// way from the first to the last in order. It is off by at most 1/128 of the larger magnitude of the two samples that
    /// it lies between. `None` of an empty set.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn percentile(&self, share: f64) -> Option<f64> {
        let count: u64 = self.buckets.iter().map(|(_, count)| u64::from(*count)).sum();
        let place = share.clamp(0.0, 1.0) * count.checked_sub(1)? as f64;
        let (below, above) = (self.nth(place.floor() as u64)?, self.nth(place.ceil() as u64)?);
        Some(below + (above - below) * place.fract())
    }

    /// The sample with so many before it, as its bucket's middle.
    fn nth(&self, place: u64) -> Option<f64> {
        let mut before = 0;
        let holding = self.buckets.iter().find(|(_, count)| {
            before += u64::from(*count);
            before > place
        });
        holding.map(|(bucket, _)| middle(*bucket))
    }
}

/// The bucket of a sample: exact up to 127, from there on 64 for each doubling. Ticks are at most 2⁵³, so the farthest
/// bucket is 3,072.
fn bucket(ticks: i64) -> i16 {
    let magnitude = ticks.unsigned_abs();
    let shift = (u64::BITS - magnitude.leading_zeros()).saturating_sub(DIGITS + 1);
    let bucket = i16::try_from((u64::from(shift) << DIGITS) + (magnitude >> shift)).unwrap_or(i16::MAX);
    if ticks < 0 { -bucket } else { bucket }
}

/// The middle of a bucket, in ticks.
#[allow(clippy::cast_precision_loss)]
fn middle(bucket: i16) -> f64 {
    let number = u64::from(bucket.unsigned_abs());
    let shift = (number >> DIGITS).saturating_sub(1);
    let (least, width) = ((number - (shift << DIGITS)) << shift, 1_u64 << shift);
    let middle = least as f64 + (width - 1) as f64 / 2.0;
    if bucket < 0 { -middle } else { middle }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ticks() -> impl Strategy<Value = i64> {
        const MOST: i64 = 1 << 53;
        prop_oneof![-200i64..200, -100_000i64..100_000, -MOST..=MOST, Just(0), Just(MOST), Just(-MOST)]
    }

    fn sketch(of: &[i64]) -> Sketch {
        let mut sketch = Sketch::default();
        of.iter().for_each(|ticks| sketch.add(*ticks));
        sketch
    }

    proptest! {
        #[test]
        fn a_percentile_is_within_its_bound(mut all in proptest::collection::vec(ticks(), 1..200), share in 0.0f64..=1.0) {
            let have = sketch(&all).percentile(share).unwrap();
            all.sort_unstable();
            let place = share * (all.len() - 1) as f64;
            let (below, above) = (all[place.floor() as usize] as f64, all[place.ceil() as usize] as f64);
            let want = below + (above - below) * place.fract();
            let bound = below.abs().max(above.abs()) / 128.0;
            prop_assert!((have - want).abs() <= bound + 1e-9 * bound, "{have} and not {want}, {bound} allowed");
        }

        #[test]
        fn parts_and_order_dont_matter_and_taking_out_undoes_putting_in(
            all in proptest::collection::vec(ticks(), 0..100),
            more in proptest::collection::vec(ticks(), 0..100),
        ) {
            let mut merged = sketch(&more);
            merged.merge(&sketch(&all));
            let mut backwards: Vec<i64> = all.iter().chain(&more).copied().collect();
            backwards.reverse();
            prop_assert_eq!(&merged, &sketch(&backwards));
            more.iter().for_each(|ticks| merged.remove(*ticks));
            prop_assert_eq!(merged, sketch(&all));
        }
    }

    #[test]
    fn a_sample_is_in_the_bucket_around_it() {
        for ticks in [0, 1, 127, 128, 129, 255, 256, 257, 1 << 20, (1 << 53) - 1, 1 << 53] {
            let middle = middle(bucket(ticks));
            assert!((middle - ticks as f64).abs() <= ticks as f64 / 128.0, "{ticks} became {middle}");
            assert_eq!(super::middle(bucket(-ticks)), -middle);
        }
        assert_eq!((bucket(127), bucket(128), bucket(255), bucket(256), bucket(1 << 53)), (127, 128, 191, 192, 3072));
    }
}
