//! Labels on a picture, in a font within the binary, and the picture as PNG.
//!
//! It must never write outside its pixels.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use plotters::style::RGBColor;

/// The labels' height in pixels.
const SCALE: f32 = 38.0;

/// Which part of a label stands at its place; its middle in height always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Left,
    Middle,
    Right,
}

/// Pixels of three bytes, and a font.
pub(super) struct Canvas {
    pixels: Vec<u8>,
    width: u32,
    height: u32,
    font: FontRef<'static>,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Result<Self, ab_glyph::InvalidFont> {
        let bytes = usize::try_from(width.saturating_mul(height).saturating_mul(3)).unwrap_or_default();
        Ok(Self { pixels: vec![255; bytes], width, height, font: FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT)? })
    }

    pub(super) fn pixels(&mut self) -> &mut [u8] {
        &mut self.pixels
    }

    /// Writes a label at a place.
    pub(super) fn write(&mut self, text: &str, (x, y): (i32, i32), anchor: Anchor, colour: RGBColor) {
        let font = self.font.clone();
        let scaled = font.as_scaled(PxScale::from(SCALE));
        let width: f32 = text.chars().map(|c| scaled.h_advance(scaled.glyph_id(c))).sum();
        let share = match anchor {
            Anchor::Left => 0.0,
            Anchor::Middle => 0.5,
            Anchor::Right => 1.0,
        };
        let mut at = x as f32 - width * share;
        let base = y as f32 + (scaled.ascent() + scaled.descent()) / 2.0;
        for c in text.chars() {
            let id = scaled.glyph_id(c);
            self.glyph(id.with_scale_and_position(PxScale::from(SCALE), point(at, base)), colour);
            at += scaled.h_advance(id);
        }
    }

    fn glyph(&mut self, glyph: Glyph, colour: RGBColor) {
        let font = self.font.clone();
        let Some(outline) = font.outline_glyph(glyph) else { return };
        let bounds = outline.px_bounds();
        outline.draw(|dx, dy, coverage| {
            let (x, y) = (bounds.min.x + dx as f32, bounds.min.y + dy as f32);
            if x >= 0.0 && y >= 0.0 && x < self.width as f32 && y < self.height as f32 {
                self.blend(x as u32, y as u32, coverage, colour);
            }
        });
    }

    fn blend(&mut self, x: u32, y: u32, coverage: f32, RGBColor(red, green, blue): RGBColor) {
        let offset = usize::try_from(y.saturating_mul(self.width).saturating_add(x).saturating_mul(3)).unwrap_or(usize::MAX);
        for (pixel, ink) in self.pixels.iter_mut().skip(offset).zip([red, green, blue]) {
            let mixed = f32::from(*pixel) + (f32::from(ink) - f32::from(*pixel)) * coverage.clamp(0.0, 1.0);
            *pixel = mixed.round() as u8;
        }
    }

    pub(super) fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(bytes)
    }
}
