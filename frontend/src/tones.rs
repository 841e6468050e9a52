//! What an operators' desk sounds like: three tones for a new critical incident.
//!
//! Must never sound by itself, nor ask the browser for what it only gives to a page that somebody has touched.

use crate::browser;
use std::cell::RefCell;
use web_sys::{AudioContext, OscillatorType};

/// The tones: how high, in hertz.
const PITCHES: [f32; 3] = [880.0, 659.3, 880.0];
/// How long each sounds, and from one to the next, in seconds.
const LASTS_S: f64 = 0.16;
const APART_S: f64 = 0.22;
/// How loud, of 1. A tone that begins or ends at once would click.
const LOUD: f32 = 0.25;
const SILENT: f32 = 0.0001;

/// The desk's tones.
#[derive(Debug, Default)]
pub struct Tones(RefCell<Option<AudioContext>>);

impl Tones {
    /// Sounds the three tones once; nothing where the browser refuses.
    pub fn sound(&self) {
        if !browser::was_touched() {
            return;
        }
        let mut kept = self.0.borrow_mut();
        if kept.is_none() {
            *kept = AudioContext::new().ok();
        }
        if let Some(context) = &*kept {
            // One that sleeps is woken; what it answers comes later, and a tone waits for it.
            let _ = context.resume();
            let starts = (0_u32..).map(|n| context.current_time() + 0.05 + APART_S * f64::from(n));
            for (pitch, start) in PITCHES.into_iter().zip(starts) {
                let _ = tone(context, pitch, start);
            }
        }
    }
}

fn tone(context: &AudioContext, pitch: f32, start: f64) -> Result<(), wasm_bindgen::JsValue> {
    let (source, volume) = (context.create_oscillator()?, context.create_gain()?);
    source.set_type(OscillatorType::Triangle);
    source.frequency().set_value(pitch);
    let gain = volume.gain();
    gain.set_value_at_time(SILENT, start)?;
    gain.exponential_ramp_to_value_at_time(LOUD, start + LASTS_S * 0.15)?;
    gain.exponential_ramp_to_value_at_time(SILENT, start + LASTS_S)?;
    source.connect_with_audio_node(&volume)?;
    volume.connect_with_audio_node(&context.destination())?;
    source.start_with_when(start)?;
    source.stop_with_when(start + LASTS_S)
}
