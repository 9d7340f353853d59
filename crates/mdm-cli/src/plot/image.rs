//! The two formats.

use std::io::Write;
use std::sync::Once;

use anyhow::{Context, anyhow};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use plotters::prelude::{BitMapBackend, IntoDrawingArea, SVGBackend};
use plotters::style::{FontStyle, register_font};

use super::Figure;
use super::draw::{FONT, draw, size};

/// Pixels of the PNG for each unit of the SVG.
const PIXELS: u32 = 2;

/// Samples for each pixel and direction: smooths what plotters draws with hard edges.
const SAMPLES: u32 = 2;

/// The figure as SVG, its text as text.
///
/// # Errors
///
/// A panel without a finite point.
pub fn svg(figure: &Figure) -> anyhow::Result<String> {
    embed_font();
    let mut text = String::new();
    draw(
        figure,
        &SVGBackend::with_string(&mut text, size(figure)).into_drawing_area(),
        1,
    )?;
    Ok(text)
}

/// The figure as PNG.
///
/// # Errors
///
/// As [`svg`].
pub fn png(figure: &Figure) -> anyhow::Result<Vec<u8>> {
    embed_font();
    let (width, height) = size(figure);
    let scale = PIXELS * SAMPLES;
    let (fine_width, fine_height) = (width * scale, height * scale);
    let mut fine = vec![255; (fine_width * fine_height * 3) as usize];
    draw(
        figure,
        &BitMapBackend::with_buffer(&mut fine, (fine_width, fine_height)).into_drawing_area(),
        scale,
    )?;
    encode(
        &shrunk(&fine, fine_width as usize),
        width * PIXELS,
        height * PIXELS,
    )
    .context("cannot encode the PNG")
}

/// Each pixel the mean of [`SAMPLES`]² ones.
fn shrunk(fine: &[u8], width: usize) -> Vec<u8> {
    let samples = SAMPLES as usize;
    let mut pixels = Vec::with_capacity(fine.len() / (samples * samples));
    for rows in fine.chunks_exact(width * 3 * samples) {
        for x in (0..width).step_by(samples) {
            for channel in 0..3 {
                let sample = |i: usize| {
                    let (x, y) = (x + i % samples, i / samples);
                    usize::from(rows[(y * width + x) * 3 + channel])
                };
                let sum: usize = (0..samples * samples).map(sample).sum();
                pixels.push((sum / (samples * samples)) as u8);
            }
        }
    }
    pixels
}

/// An RGB image of eight bits a channel, as the PNG specification (third edition) has it.
fn encode(pixels: &[u8], width: u32, height: u32) -> std::io::Result<Vec<u8>> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // Bits, RGB, and the only compression, filters and order without interlacing that are needed.
    header.extend([8, 2, 0, 0, 0]);
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::best());
    for row in pixels.chunks_exact(width as usize * 3) {
        deflate.write_all(&[0])?; // No filter: figures are mostly of one colour.
        deflate.write_all(row)?;
    }
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut bytes, b"IHDR", &header);
    chunk(&mut bytes, b"IDAT", &deflate.finish()?);
    chunk(&mut bytes, b"IEND", &[]);
    Ok(bytes)
}

fn chunk(bytes: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let mut checksum = Crc::new();
    checksum.update(kind);
    checksum.update(data);
    bytes.extend((data.len() as u32).to_be_bytes());
    bytes.extend(kind);
    bytes.extend(data);
    bytes.extend(checksum.sum().to_be_bytes());
}

/// Makes DejaVu Sans known to plotters.
fn embed_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        register_font(FONT, FontStyle::Normal, dejavu::sans::regular())
            .map_err(|_| anyhow!("DejaVu Sans"))
            .expect("a font that is part of the binary can be read");
    });
}
