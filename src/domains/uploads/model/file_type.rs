//! What the first bytes of a file say of it.

/// How many bytes [`FileType::of`] looks at.
pub const HEAD: usize = 64;

/// A type of file that may be uploaded. What a browser would run, such as SVG and HTML, is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the format of that name")]
pub enum FileType {
    Png,
    Jpeg,
    Gif,
    WebP,
    Pdf,
    Mp4,
    Webm,
    Mp3,
    Ogg,
    Zip,
}

/// The brands by which players recognise an MP4 file. A picture in the same container has others.
const MP4_BRANDS: &[&[u8]] =
    &[b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"MSNV"];

impl FileType {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Png,
        Self::Jpeg,
        Self::Gif,
        Self::WebP,
        Self::Pdf,
        Self::Mp4,
        Self::Webm,
        Self::Mp3,
        Self::Ogg,
        Self::Zip,
    ];

    /// Its media type.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Pdf => "application/pdf",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
            Self::Mp3 => "audio/mpeg",
            Self::Ogg => "audio/ogg",
            Self::Zip => "application/zip",
        }
    }

    /// The type of that media type.
    #[must_use]
    pub fn of_mime(mime: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.mime() == mime)
    }

    /// Whether browsers show it as a picture.
    #[must_use]
    pub const fn is_image(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Gif | Self::WebP)
    }

    /// The type of a file that begins with these bytes, the first [`HEAD`] of it or all if it is shorter.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        let at = |place: usize, bytes: &[u8]| head.get(place..place + bytes.len()) == Some(bytes);
        let has = |bytes: &[u8]| head.windows(bytes.len()).any(|window| window == bytes);
        Some(match head {
            _ if at(0, b"\x89PNG\r\n\x1a\n") => Self::Png,
            _ if at(0, b"\xff\xd8\xff") => Self::Jpeg,
            _ if at(0, b"GIF87a") || at(0, b"GIF89a") => Self::Gif,
            _ if at(0, b"RIFF") && at(8, b"WEBP") => Self::WebP,
            _ if at(0, b"%PDF-") => Self::Pdf,
            _ if at(4, b"ftyp") && MP4_BRANDS.iter().any(|brand| at(8, brand)) => Self::Mp4,
            _ if at(0, b"\x1a\x45\xdf\xa3") && has(b"webm") => Self::Webm,
            _ if at(0, b"ID3")
                || [b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"].iter().any(|start| at(0, *start)) =>
            {
                Self::Mp3
            }
            _ if at(0, b"OggS") => Self::Ogg,
            _ if at(0, b"PK\x03\x04") || at(0, b"PK\x05\x06") => Self::Zip,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_type() {
        let cases: &[(&[u8], Option<FileType>)] = &[
            (b"\x89PNG\r\n\x1a\n....", Some(FileType::Png)),
            (b"\xff\xd8\xff\xe0", Some(FileType::Jpeg)),
            (b"GIF89a..", Some(FileType::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(FileType::WebP)),
            (b"RIFF\0\0\0\0WAVEfmt ", None),
            (b"%PDF-1.7", Some(FileType::Pdf)),
            (b"\0\0\0\x20ftypisom", Some(FileType::Mp4)),
            (b"\0\0\0\x20ftypheic", None),
            (b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webm", Some(FileType::Webm)),
            (b"\x1a\x45\xdf\xa3\x01\x42\x82\x88matroska", None),
            (b"ID3\x04", Some(FileType::Mp3)),
            (b"\xff\xfb\x90", Some(FileType::Mp3)),
            (b"OggS\0", Some(FileType::Ogg)),
            (b"PK\x03\x04", Some(FileType::Zip)),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", None),
            (b"<!doctype html>", None),
            (b" \x89PNG\r\n\x1a\n", None),
            (b"\x89PN", None),
            (b"", None),
        ];
        for (head, found) in cases {
            assert_eq!(FileType::of(head), *found, "{head:?}");
        }
        for known in FileType::ALL {
            assert_eq!(FileType::of_mime(known.mime()), Some(*known));
        }
        assert_eq!(FileType::of_mime("image/svg+xml"), None);
    }
}
