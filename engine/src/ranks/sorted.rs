//! Numbers in order, each as often as it was put in, of which one can ask how many are no greater than another.
//!
//! Chunks keep putting in and taking out cheap: only one of them moves. It must never know what the numbers stand for.

/// A chunk that grows beyond this becomes two.
const MOST: usize = 1024;

/// Numbers in order. No chunk is empty.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    chunks: Vec<Vec<i64>>,
    count: usize,
}

impl Sorted {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn first(&self) -> Option<i64> {
        self.chunks.first().and_then(|chunk| chunk.first()).copied()
    }

    pub(super) fn last(&self) -> Option<i64> {
        self.chunks.last().and_then(|chunk| chunk.last()).copied()
    }

    /// The chunk that the number is in, or would be put into.
    fn chunk(&self, number: i64) -> usize {
        let after = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| *last < number));
        after.min(self.chunks.len().saturating_sub(1))
    }

    pub(super) fn insert(&mut self, number: i64) {
        let place = self.chunk(number);
        self.count += 1;
        let Some(chunk) = self.chunks.get_mut(place) else {
            self.chunks.push(vec![number]);
            return;
        };
        chunk.insert(chunk.partition_point(|have| *have < number), number);
        if chunk.len() > MOST {
            let rest = chunk.split_off(MOST / 2);
            self.chunks.insert(place + 1, rest);
        }
    }

    /// Takes one of the number out, if it is there.
    pub(super) fn remove(&mut self, number: i64) {
        let place = self.chunk(number);
        let Some(chunk) = self.chunks.get_mut(place) else { return };
        let Ok(at) = chunk.binary_search(&number) else { return };
        chunk.remove(at);
        self.count -= 1;
        if chunk.is_empty() {
            self.chunks.remove(place);
        }
    }

    /// How many are no greater than the number.
    pub(super) fn up_to(&self, number: i64) -> usize {
        let whole = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| *last <= number));
        let part = self.chunks.get(whole).map_or(0, |chunk| chunk.partition_point(|have| *have <= number));
        self.chunks.iter().take(whole).map(Vec::len).sum::<usize>() + part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_numbers_stay_in_order() {
        let mut sorted = Sorted::default();
        let mut plain: Vec<i64> = Vec::new();
        // A multiplicative generator modulo a prime visits its numbers in no order at all.
        let mut number = 1_i64;
        for round in 0..6000 {
            number = number * 48_271 % 2_147_483_647;
            let put = number % 2500;
            if round % 3 == 2 {
                sorted.remove(put);
                if let Some(at) = plain.iter().position(|have| *have == put) {
                    plain.swap_remove(at);
                }
            } else {
                sorted.insert(put);
                plain.push(put);
            }
        }
        plain.sort_unstable();
        assert!(sorted.chunks.len() > 2 && sorted.chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= MOST));
        assert_eq!(sorted.chunks.concat(), plain);
        assert_eq!((sorted.len(), sorted.first(), sorted.last()), (plain.len(), plain.first().copied(), plain.last().copied()));
        for number in [-1, 0, 17, 1250, 2499, 9999] {
            assert_eq!(sorted.up_to(number), plain.iter().filter(|have| **have <= number).count());
        }
    }
}
