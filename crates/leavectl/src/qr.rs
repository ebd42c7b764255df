//! QR codes, for a terminal and for a file.

use std::io::BufWriter;
use std::path::Path;

use local_stack::private_files;
use qrcode::render::unicode::Dense1x2;
use qrcode::{Color, EcLevel, QrCode};

use crate::failure::Failure;

/// Pixels of one module's side in a file.
const SCALE: usize = 8;
/// Light modules around the code, as scanners need (ISO/IEC 18004: four).
const QUIET: usize = 4;

fn code(text: &str) -> Result<QrCode, Failure> {
    // The least correction: a screen is not torn, and the code stays small.
    QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|error| Failure::Refused(format!("the QR code cannot be drawn: {error}")))
}

/// Two modules for each character, dark on light on a dark terminal.
pub(crate) fn for_terminal(text: &str) -> Result<String, Failure> {
    let drawn = code(text)?
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    Ok(drawn)
}

/// A PNG, for this user only: whoever scans it links.
pub(crate) fn write_png(text: &str, file: &Path) -> Result<(), Failure> {
    let code = code(text)?;
    let side = (code.width() + 2 * QUIET) * SCALE;
    let is_dark = |pixel: usize| {
        let module =
            |pixel: usize| (pixel / SCALE).checked_sub(QUIET).filter(|m| *m < code.width());
        match (module(pixel % side), module(pixel / side)) {
            (Some(x), Some(y)) => code[(x, y)] == Color::Dark,
            _ => false,
        }
    };
    let pixels: Vec<u8> =
        (0..side * side).map(|pixel| if is_dark(pixel) { 0 } else { 255 }).collect();
    let failed = |error: png::EncodingError| {
        Failure::Refused(format!("{} cannot be written: {error}", file.display()))
    };
    let created =
        private_files::create(file).map_err(|error| Failure::file(file, "written", error))?;
    let width = u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(BufWriter::new(created), width, width);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)
}
