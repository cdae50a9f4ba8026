//! The file of a document: the same document gives the same bytes.

use chrono::{DateTime, Datelike, Timelike, Utc};
use krilla::{
    Document,
    geom::Point,
    metadata::{self, Metadata},
    page::PageSettings,
    surface::Surface,
    text::{Font, TextDirection},
};

use super::{InvoiceKind, InvoiceRow};

/// Noto Sans with the letters of Latin, Greek and Cyrillic writing; see `fonts/OFL.txt`.
const FONT: &[u8] = include_bytes!("fonts/NotoSans-Regular.ttf");
/// A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
/// The left margin.
const LEFT: f32 = 64.0;
/// Where amounts stand.
const AMOUNTS: f32 = 430.0;
/// From one line to the next.
const LINE: f32 = 16.0;
/// Size of the title.
const TITLE: f32 = 20.0;
/// Size of most of the text.
const TEXT: f32 = 10.5;
/// Size of what is beside the point.
const SMALL: f32 = 8.5;

/// The file could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the PDF of a document cannot be made: {0}")]
pub struct PdfError(String);

/// Writes a document out. `money` is its amount for people, `corrects` the number of the invoice that it corrects.
///
/// # Errors
/// Only if the font or the format does not allow it, which tests would have found.
pub fn write(invoice: &InvoiceRow, money: &str, corrects: Option<&str>) -> Result<Vec<u8>, PdfError> {
    let font = Font::new(FONT.to_vec().into(), 0).ok_or_else(|| PdfError("no font".to_owned()))?;
    let size = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| PdfError("no page".to_owned()))?;
    let mut document = Document::new();
    document.set_metadata(metadata_of(invoice));
    let mut page = document.start_page_with(size);
    // The surface goes back to the page when it is dropped.
    Sheet { surface: page.surface(), font, y: 72.0 }.fill(invoice, money, corrects);
    page.finish();
    document.finish().map_err(|error| PdfError(format!("{error:?}")))
}

fn metadata_of(invoice: &InvoiceRow) -> Metadata {
    Metadata::new()
        .title(format!("{} {}", title(invoice.kind), invoice.full_number()))
        .authors(vec![invoice.seller_name.clone()])
        .language("en".to_owned())
        .document_id(invoice.id.to_string())
        .creation_date(date_time(invoice.issued_at))
}

fn date_time(at: DateTime<Utc>) -> metadata::DateTime {
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    metadata::DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

const fn title(kind: InvoiceKind) -> &'static str {
    match kind {
        InvoiceKind::Invoice => "Invoice",
        InvoiceKind::CreditNote => "Credit note",
    }
}

/// A page that is filled from the top.
struct Sheet<'a> {
    surface: Surface<'a>,
    font: Font,
    y: f32,
}

impl Sheet<'_> {
    fn fill(&mut self, invoice: &InvoiceRow, money: &str, corrects: Option<&str>) {
        self.line(TEXT, &invoice.seller_name);
        for line in invoice.seller_address.lines() {
            self.line(TEXT, line);
        }
        if let Some(tax_id) = &invoice.seller_tax_id {
            self.line(TEXT, &format!("Tax number {tax_id}"));
        }
        self.gap(2.0);
        self.line(TITLE, &format!("{} {}", title(invoice.kind), invoice.full_number()));
        self.gap(0.5);
        self.line(TEXT, &format!("Date: {}", day(invoice.issued_at)));
        if let Some(number) = corrects {
            self.line(TEXT, &format!("Corrects invoice {number}"));
        }
        self.gap(1.0);
        self.line(SMALL, "To");
        self.line(TEXT, &invoice.buyer_name);
        self.line(TEXT, &invoice.buyer_email);
        self.gap(2.0);
        self.row(SMALL, "Description", "Amount");
        self.row(TEXT, &invoice.description, money);
        self.gap(0.5);
        self.row(TEXT, "Total", money);
        self.gap(2.0);
        let (day, provider) = (day(invoice.paid_at), &invoice.provider);
        self.line(
            TEXT,
            &match invoice.kind {
                InvoiceKind::Invoice => format!("Paid on {day} through {provider}. Nothing is due."),
                InvoiceKind::CreditNote => format!("Paid back on {day} through {provider}."),
            },
        );
        self.line(SMALL, &format!("Payment {}", invoice.payment_id));
    }

    fn gap(&mut self, lines: f32) {
        self.y += lines * LINE;
    }

    fn line(&mut self, size: f32, text: &str) {
        self.gap(if size > TEXT { 1.5 } else { 1.0 });
        self.draw(LEFT, size, text);
    }

    fn row(&mut self, size: f32, left: &str, right: &str) {
        self.line(size, left);
        self.draw(AMOUNTS, size, right);
    }

    fn draw(&mut self, x: f32, size: f32, text: &str) {
        let start = Point::from_xy(x, self.y);
        self.surface.draw_text(start, self.font.clone(), size, text, false, TextDirection::Auto);
    }
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y").to_string()
}
