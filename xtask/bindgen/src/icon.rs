//! The application's icons as pictures of points, for those who install it where no SVG is taken: drawn from the very SVG.
//!
//! Must never draw an SVG that it reads only in part: what it doesn't know, it refuses.

use std::io::Write;

use anyhow::{Context, Result, bail};
use flate2::{Compression, Crc, write::ZlibEncoder};

use crate::pack::Files;

/// Which SVG becomes which picture, and how many points wide.
const PICTURES: [(&str, &str, u32); 4] = [
    ("/icon.svg", "/icon-192.png", 192),
    ("/icon.svg", "/icon-512.png", 512),
    ("/icon-maskable.svg", "/icon-maskable-512.png", 512),
    ("/icon-maskable.svg", "/icon-touch-180.png", 180),
];
/// Each point is looked at so many times in each direction, so that edges are smooth.
const SAMPLES: u32 = 4;

type Colour = [u8; 3];

/// What an icon is made of: a square with round corners, and straight strokes with round ends on it.
#[derive(Debug, PartialEq)]
struct Icon {
    side: f64,
    corner: f64,
    ground: Colour,
    stroke: Colour,
    width: f64,
    /// From where to where.
    strokes: Vec<[(f64, f64); 2]>,
}

/// Adds the pictures of the icons that are among the files.
pub(crate) fn draw(files: &mut Files) -> Result<()> {
    for (from, to, points) in PICTURES {
        if let Some(svg) = files.get(from) {
            let text = std::str::from_utf8(svg).with_context(|| format!("{from} is not UTF-8"))?;
            let icon = read(text).with_context(|| format!("can't draw {from}"))?;
            files.insert(to.to_owned(), png(points, &icon.paint(points))?);
        }
    }
    Ok(())
}

fn read(svg: &str) -> Result<Icon> {
    let [Some(box_), Some(rect), Some(path)] = ["<svg", "<rect", "<path"].map(|name| element(svg, name)) else {
        bail!("an icon is one svg with one rect and one path")
    };
    if svg.matches('<').count() != 4 {
        bail!("an icon has nothing but a rect and a path");
    }
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
    let side = number(attribute(box_, "viewBox").and_then(|text| text.rsplit(' ').next())).context("no viewBox")?;
    Ok(Icon {
        side,
        corner: number(attribute(rect, "rx")).unwrap_or(0.0),
        ground: colour(attribute(rect, "fill")).context("the rect has no fill such as #14171c")?,
        stroke: colour(attribute(path, "stroke")).context("the path has no stroke such as #e6e9ef")?,
        width: number(attribute(path, "stroke-width")).context("the path has no stroke-width")?,
        strokes: strokes(attribute(path, "d").context("the path has no d")?)?,
    })
}

fn element<'s>(svg: &'s str, name: &str) -> Option<&'s str> {
    let (_, rest) = svg.split_once(name)?;
    rest.split_once('>').map(|(inside, _)| inside)
}

fn attribute<'s>(element: &'s str, name: &str) -> Option<&'s str> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn colour(text: Option<&str>) -> Option<Colour> {
    let number = u32::from_str_radix(text?.strip_prefix('#')?, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

/// The strokes of a path that moves (M) and goes straight along an axis (h, v, H, V).
fn strokes(d: &str) -> Result<Vec<[(f64, f64); 2]>> {
    let mut strokes = Vec::new();
    let mut at = (0.0, 0.0);
    let starts: Vec<usize> = d.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).map(|(place, _)| place).collect();
    for (nth, start) in starts.iter().enumerate() {
        let end = starts.get(nth.saturating_add(1)).copied().unwrap_or(d.len());
        let step = d.get(*start..end).unwrap_or_default();
        let (command, rest) = step.split_at_checked(1).unwrap_or_default();
        let numbers = rest.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>().with_context(|| format!("in `{step}`"))?;
        let to = match (command, numbers.as_slice()) {
            ("M", [x, y]) => {
                at = (*x, *y);
                continue;
            }
            ("h", [x]) => (at.0 + x, at.1),
            ("H", [x]) => (*x, at.1),
            ("v", [y]) => (at.0, at.1 + y),
            ("V", [y]) => (at.0, *y),
            _ => bail!("`{step}` is not drawn here; write it with M, h, v, H and V"),
        };
        strokes.push([at, to]);
        at = to;
    }
    Ok(strokes)
}

impl Icon {
    /// Red, green, blue and opacity of each point, row by row.
    fn paint(&self, points: u32) -> Vec<u8> {
        let scale = self.side / f64::from(points);
        let step = 1.0 / f64::from(SAMPLES);
        let place = |point: u32, sample: u32| (f64::from(point) + (f64::from(sample) + 0.5) * step) * scale;
        let all = f64::from(SAMPLES * SAMPLES);
        let mut pixels = Vec::new();
        for (y, x) in (0..points).flat_map(|y| (0..points).map(move |x| (y, x))) {
            let samples = (0..SAMPLES).flat_map(|one| (0..SAMPLES).map(move |other| (one, other)));
            let (mut ground, mut stroke) = (0.0, 0.0);
            for (one, other) in samples {
                let at = (place(x, one), place(y, other));
                if self.is_within(at) {
                    let is_stroke = self.strokes.iter().any(|line| distance(at, line) <= self.width / 2.0);
                    *(if is_stroke { &mut stroke } else { &mut ground }) += 1.0;
                }
            }
            let seen: f64 = ground + stroke;
            for (dark, light) in self.ground.into_iter().zip(self.stroke) {
                pixels.push(byte((f64::from(dark) * ground + f64::from(light) * stroke) / seen.max(1.0)));
            }
            pixels.push(byte(seen / all * 255.0));
        }
        pixels
    }

    /// Whether the square with its round corners holds a place.
    fn is_within(&self, (x, y): (f64, f64)) -> bool {
        let beyond = |at: f64| (self.corner - at).max(at - (self.side - self.corner)).max(0.0);
        beyond(x).hypot(beyond(y)) <= self.corner.max(f64::EPSILON)
    }
}

/// How far a place is from a straight stroke.
fn distance((x, y): (f64, f64), [from, to]: &[(f64, f64); 2]) -> f64 {
    let nearest = |at: f64, one: f64, other: f64| at.clamp(one.min(other), one.max(other));
    (x - nearest(x, from.0, to.0)).hypot(y - nearest(y, from.1, to.1))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
fn byte(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// A square PNG of eight bits a channel with opacity (ISO/IEC 15948).
fn png(points: u32, pixels: &[u8]) -> Result<Vec<u8>> {
    let row = usize::try_from(points)?.saturating_mul(4);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    for row in pixels.chunks(row) {
        // Each row says first how it is filtered: not at all.
        packed.write_all(&[0])?;
        packed.write_all(row)?;
    }
    let mut head = [points.to_be_bytes(), points.to_be_bytes()].concat();
    // Eight bits, colour with opacity, and the only ways of packing, filtering and ordering that there are.
    head.extend([8, 6, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, body) in [(b"IHDR", head), (b"IDAT", packed.finish()?), (b"IEND", Vec::new())] {
        let named = [name.as_slice(), &body].concat();
        let mut sum = Crc::new();
        sum.update(&named);
        file.extend(u32::try_from(body.len())?.to_be_bytes());
        file.extend(named);
        file.extend(sum.sum().to_be_bytes());
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" rx="2" fill="#000000"/><path d="M2 4h4M4 2V6" stroke="#ffffff" stroke-width="2" stroke-linecap="round"/></svg>"##;

    #[test]
    fn a_stroke_is_light_the_ground_dark_and_a_corner_clear() {
        let icon = read(SVG).unwrap();
        assert_eq!(icon.strokes, [[(2.0, 4.0), (6.0, 4.0)], [(4.0, 2.0), (4.0, 6.0)]]);
        let pixels = icon.paint(80);
        let at = |x: usize, y: usize| &pixels[(y * 80 + x) * 4..][..4];
        assert_eq!((at(40, 40), at(20, 20), at(0, 0)), (&[255, 255, 255, 255][..], &[0, 0, 0, 255][..], &[0, 0, 0, 0][..]));
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        for (from, to) in [("M2 4h4", "M2 4c4 4 4 4 4 4"), ("</svg>", "<circle/></svg>"), ("#ffffff", "white")] {
            assert!(read(&SVG.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn a_png_has_its_parts() {
        let file = png(2, &[0; 16]).unwrap();
        assert!(file.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x02\x08\x06"));
        // The last part is the same in every file.
        assert!(file.ends_with(b"\0\0\0\0IEND\xaeB`\x82"));
    }
}
