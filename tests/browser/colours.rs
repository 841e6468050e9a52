//! Colours as Chromium paints them: statuses and severities stay apart for people who see colours otherwise, and what is written
//! on them can be read, in both themes.
//!
//! Must never know a colour of its own: it reads those of the page of components.

use super::*;
use harness::{Database, Setup};

/// What a kind of eye makes of linear red, green and blue: Machado, Oliveira and Fernandes, "A Physiologically-based Model for
/// Simulation of Color Vision Deficiency" (2009), at full severity. Beside each the least ΔE*ab that two statuses must keep, which is
/// what the palette had when it was chosen.
const EYES: [(&str, [[f64; 3]; 3], f64); 4] = [
    ("every colour", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], 29.0),
    ("protanopia", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]], 16.5),
    ("deuteranopia", [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]], 19.5),
    ("tritanopia", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]], 28.5),
];
/// Lines of one chart are named in its legend and are no statuses.
const LINES_APART: f64 = 20.0;
/// What is written on a chip has this contrast with it (NUREG-0700), and other texts that of WCAG 2.2 AA.
const ON_CHIP: f64 = 6.0;
const TEXT: f64 = 4.5;
/// What is no text stands out from what is behind it by this much (WCAG 2.2, 1.4.11).
const GRAPHIC: f64 = 3.0;

/// The page of components is there, with what is read of it.
const DESIGNED: &str =
    "return document.querySelectorAll('.chip-info').length > 0 && document.querySelector('.rank li[data-status=critical] .fill') !== null;";

/// The colours that are painted: chips with what is on them and around them, fills of what is normal and of what is not, lines, texts.
const PAINTED: &str = "
    const style = (selector) => getComputedStyle(document.querySelector(selector));
    const patch = (name) => style(`.patch-${name}`).backgroundColor;
    const chips = ['critical', 'high', 'medium', 'info', 'attention'].map((name) => {
        const one = document.querySelector(`.chip-${name}`);
        const { backgroundColor, color, borderTopColor } = getComputedStyle(one);
        return { name, ground: backgroundColor, ink: color, edge: borderTopColor, shape: one.querySelector('svg').innerHTML };
    });
    return {
        chips,
        fills: { normal: style('.rank li[data-status=normal] .fill').fill, attention: style('.rank li[data-status=attention] .fill').fill,
            critical: style('.rank li[data-status=critical] .fill').fill },
        lines: [1, 2, 3, 4, 5, 6].map((n) => patch(`line-${n}`)),
        texts: [patch('text'), patch('text-soft')],
        grounds: [patch('ground'), patch('panel')],
    };";

type Rgb = [f64; 3];

#[tokio::test]
async fn statuses_stay_apart_for_every_eye_and_what_is_on_them_is_read() {
    let _alone = alone().await;
    let database = Database::fresh().await;
    let centre = Centre::start(Setup { city: "tests/cities/alarms", database: Some(&database), ..Setup::default() }).await;
    has_pages(&centre).await;
    let browser = Chromium::start().await;
    let mut faults = Vec::new();
    for theme in ["dark", "light"] {
        browser.open(&format!("{}/design?theme={theme}", centre.url)).await;
        until(&browser, "the components are there", DESIGNED).await;
        let painted = browser.ask(PAINTED).await;
        faults.extend(judge(&painted).into_iter().map(|fault| format!("{theme}: {fault}")));
    }
    browser.close().await;
    assert!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
}

/// What is wrong with the painted colours, a line each.
fn judge(painted: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let chips = painted["chips"].as_array().expect("chips");
    let severities = chips.iter().filter(|chip| chip["name"] != "attention").map(|chip| (named(&chip["name"]), colour(&chip["ground"])));
    let mut statuses: Vec<(String, Rgb)> = severities.collect();
    statuses.push(("normal".to_owned(), colour(&painted["fills"]["normal"])));
    statuses.push(("normal text".to_owned(), colour(&painted["texts"][1])));
    let lines: Vec<_> = (1..=6).map(|n| (format!("line {n}"), colour(&painted["lines"][n - 1]))).collect();
    for (eye, matrix, least) in EYES {
        // A bar and a text that say that nothing is the matter may be alike.
        faults.extend(too_near(&statuses, &matrix, least, eye).into_iter().filter(|fault| !fault.starts_with("normal and normal")));
        faults.extend(too_near(&lines, &matrix, LINES_APART, eye));
    }
    for status in ["attention", "critical"] {
        let chip = chips.iter().find(|chip| chip["name"] == status).expect("its chip");
        if colour(&chip["ground"]) != colour(&painted["fills"][status]) {
            faults.push(format!("{status} has two colours"));
        }
    }
    let grounds: Vec<Rgb> = painted["grounds"].as_array().expect("grounds").iter().map(colour).collect();
    for chip in chips {
        let (name, ground) = (&chip["name"], colour(&chip["ground"]));
        let is_read = contrast(colour(&chip["ink"]), ground);
        if is_read < ON_CHIP {
            faults.push(format!("{name}: its word has {is_read:.1}:1"));
        }
        // A chip stands out by its filling or by its edge.
        let stands_out = grounds.iter().all(|behind| contrast(ground, *behind).max(contrast(colour(&chip["edge"]), *behind)) >= GRAPHIC);
        if !stands_out {
            faults.push(format!("{name} does not stand out from what is behind it"));
        }
    }
    for (n, line) in &lines {
        let least = grounds.iter().map(|behind| contrast(*line, *behind)).fold(f64::INFINITY, f64::min);
        if least < GRAPHIC {
            faults.push(format!("{n} has {least:.1}:1"));
        }
    }
    for text in painted["texts"].as_array().expect("texts").iter().map(colour) {
        if grounds.iter().any(|behind| contrast(text, *behind) < TEXT) {
            faults.push(format!("a text of {text:?} can't be read"));
        }
    }
    let mut shapes: Vec<_> = chips.iter().filter(|chip| chip["name"] != "attention").map(|chip| named(&chip["shape"])).collect();
    shapes.sort_unstable();
    shapes.dedup();
    if shapes.len() != 4 {
        faults.push("two severities have one shape".to_owned());
    }
    faults
}

fn named(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Red, green, blue in linear light, from `rgb(255, 106, 61)`. What is transparent is white here, and never stands out.
fn colour(text: &Value) -> Rgb {
    let parts = text.as_str().expect("a colour").split(|c: char| !(c.is_ascii_digit() || c == '.')).filter(|part| !part.is_empty());
    let numbers: Vec<f64> = parts.map(|part| part.parse().expect("a number")).collect();
    if numbers.get(3) == Some(&0.0) {
        return [1.0; 3];
    }
    [0, 1, 2].map(|n| linear(numbers[n] / 255.0))
}

/// From sRGB's curve (IEC 61966-2-1).
fn linear(part: f64) -> f64 {
    if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
}

fn times(matrix: &[[f64; 3]; 3], rgb: Rgb) -> Rgb {
    matrix.map(|row| row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2])
}

/// CIE L*a*b* under D65.
fn lab(rgb: Rgb) -> Rgb {
    let xyz = times(&[[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]], rgb);
    let white = [0.95047, 1.0, 1.08883];
    let [x, y, z] = [0, 1, 2].map(|n| {
        let part: f64 = xyz[n] / white[n];
        if part > 216.0 / 24389.0 { part.cbrt() } else { (24389.0 / 27.0 * part + 16.0) / 116.0 }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Pairs that lie nearer to each other than `least` (ΔE*ab of 1976) for an eye.
fn too_near(colours: &[(String, Rgb)], eye: &[[f64; 3]; 3], least: f64, name: &str) -> Vec<String> {
    let seen: Vec<(&String, Rgb)> =
        colours.iter().map(|(name, rgb)| (name, lab(times(eye, *rgb).map(|part| part.clamp(0.0, 1.0))))).collect();
    let mut faults = Vec::new();
    for (n, (one, a)) in seen.iter().enumerate() {
        for (other, b) in &seen[n + 1..] {
            let distance = (0..3).map(|n| (a[n] - b[n]).powi(2)).sum::<f64>().sqrt();
            if distance < least {
                faults.push(format!("{one} and {other} are {distance:.1} apart with {name}, not {least}"));
            }
        }
    }
    faults
}

/// The ratio of WCAG 2.2.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let light = |rgb: Rgb| 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    let (a, b) = (light(one), light(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn the_measure_finds_what_is_known_to_be_alike() {
    let rgb = |text: &str| (text.to_owned(), colour(&json!(text)));
    // Red and green of the same lightness: what most people tell apart first, and a deuteranope not.
    let pair = [rgb("rgb(200, 60, 40)"), rgb("rgb(110, 120, 30)")];
    let (_, everybody, _) = EYES[0];
    let (_, deutan, _) = EYES[2];
    assert!(too_near(&pair, &everybody, 40.0, "").is_empty() && too_near(&pair, &deutan, 20.0, "").len() == 1);
    assert!((contrast(colour(&json!("rgb(0, 0, 0)")), colour(&json!("rgb(255, 255, 255)"))) - 21.0).abs() < 1e-9);
    let red = lab(colour(&json!("rgb(255, 0, 0)")));
    for (part, known) in red.into_iter().zip([53.24, 80.09, 67.20]) {
        assert!((part - known).abs() < 0.05, "{red:?}");
    }
}
