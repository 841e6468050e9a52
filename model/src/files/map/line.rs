//! Fewer points for the same line: Douglas and Peucker's way, on the map's whole units.
//!
//! Must never move a point: borders that two areas share stay together where both keep the same points.

/// East and south, in the map's units.
pub(super) type Point = (i32, i32);

/// A point that lies closer than this to the line without it is left out, in the map's units.
const TOLERANCE: f64 = 1.0;
/// A ring needs three points and its end.
const LEAST: usize = 4;

/// A closed ring without the points that nobody would see, nor its last one, which is its first again. Empty where nothing
/// of it can be seen.
pub(super) fn simplified(ring: &[Point]) -> Vec<Point> {
    let mut ring: Vec<Point> = ring.to_vec();
    ring.dedup();
    if ring.len() < LEAST {
        return Vec::new();
    }
    let mut kept = vec![false; ring.len()];
    // The ring is cut in two at the point that is farthest from its first, so that each half is a line.
    let far = (0..ring.len()).max_by_key(|at| ring.first().zip(ring.get(*at)).map_or(0, |(a, b)| square(*a, *b))).unwrap_or(0);
    let mut parts = vec![(0, far), (far, ring.len() - 1)];
    while let Some((from, to)) = parts.pop() {
        for end in [from, to] {
            if let Some(kept) = kept.get_mut(end) {
                *kept = true;
            }
        }
        let (Some(a), Some(b)) = (ring.get(from).copied(), ring.get(to).copied()) else { continue };
        let inner = ring.iter().enumerate().take(to).skip(from + 1);
        let farthest = inner.map(|(at, point)| (at, distance(*point, a, b))).max_by(|x, y| x.1.total_cmp(&y.1));
        if let Some((at, _)) = farthest.filter(|(_, distance)| *distance >= TOLERANCE) {
            parts.extend([(from, at), (at, to)]);
        }
    }
    let mut points: Vec<Point> = ring.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(point, _)| *point).collect();
    points.pop();
    if points.len() + 1 < LEAST { Vec::new() } else { points }
}

fn square(a: Point, b: Point) -> i64 {
    let (x, y) = (i64::from(a.0) - i64::from(b.0), i64::from(a.1) - i64::from(b.1));
    x * x + y * y
}

/// How far a point lies from a stretch.
fn distance(point: Point, a: Point, b: Point) -> f64 {
    let of = |point: Point| (f64::from(point.0), f64::from(point.1));
    let ((x, y), (ax, ay), (bx, by)) = (of(point), of(a), of(b));
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (x - ax - along * dx).hypot(y - ay - along * dy)
}
