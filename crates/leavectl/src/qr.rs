//! QR codes, for a terminal and for a file.

use std::io::BufWriter;
use std::path::Path;

use local_stack::private_files;
use qrcode::bits::Bits;
use qrcode::render::unicode::Dense1x2;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::failure::Failure;

/// Pixels of one module's side in a file.
const SCALE: usize = 8;
/// Light modules around the code, as scanners need (ISO/IEC 18004: four).
const QUIET: usize = 4;

/// The least correction: a screen is not torn, and the code stays small.
const CORRECTION: EcLevel = EcLevel::L;

/// The smallest code that holds the text as bytes. What `QrCode::new` makes of letters and
/// digits within base64 is now and then a size larger than that.
fn code(text: &str) -> Result<QrCode, Failure> {
    let sized = |version| {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_byte_data(text.as_bytes())?;
        bits.push_terminator(CORRECTION)?;
        QrCode::with_bits(bits, CORRECTION)
    };
    let fits = (1..=40).map(sized).find_map(Result::ok);
    fits.ok_or(QrError::DataTooLong)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As long as the text of a link, and one of those that it matters for.
    const TEXT: &str = "\
        6lkYMVDNYzvxhcuH3Ua/W7I7qXcLQwoW9Jw0hSra5BpD0AScMRKFS/Ii1PkKnTSVMGX/a0m2z63l\
        FQOI3IjMY2PKNpsvYXeoFUA9eK35Sp5y4JwsX7WcRUzHBxZtp6N/xkhQTOKVPJC3yGEMYXjsgNqq\
        XIfDZxawVSH1GibX7tBI6vfcDVngxCQdApZe4uZOP/GgpQI/9YU+H2x10SY+3OteuYuvUc1l0DL";

    #[test]
    fn a_code_is_as_small_as_its_bytes_allow() {
        assert_eq!(TEXT.len(), 227);
        assert_eq!(code(TEXT).unwrap().width(), 53);
        let larger = QrCode::with_error_correction_level(TEXT, CORRECTION).unwrap();
        assert_eq!(larger.width(), 57, "this is not needed any more");
        assert!(code(&"a".repeat(3_000)).is_err());
    }
}
