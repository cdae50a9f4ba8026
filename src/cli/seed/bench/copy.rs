//! Rows by PostgreSQL's `COPY … (format binary)`: the fastest way in.

use std::pin::Pin;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::SinkExt;
use tokio_postgres::{Client, CopyInSink};
use uuid::Uuid;

/// How many bytes are sent at a time.
const CHUNK: usize = 256 * 1024;
/// Microseconds from 1970, where Unix begins, to 2000, where PostgreSQL does.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A value in the binary form that PostgreSQL's type reads.
pub(super) trait Cell {
    /// Writes the value; `None` = null.
    fn write(&self, out: &mut Vec<u8>) -> Option<()>;
}

/// A table being filled.
pub(super) struct Copy {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    chunk: Vec<u8>,
}

impl Copy {
    /// Opens a table for the columns named, comma separated.
    pub(super) async fn into(
        client: &Client,
        table: &str,
        columns: &str,
    ) -> Result<Self, tokio_postgres::Error> {
        let sink = client.copy_in(&format!("copy {table} ({columns}) from stdin (format binary)")).await?;
        let mut chunk = Vec::with_capacity(CHUNK + 4096);
        // Signature, flags, length of the header's extension.
        chunk.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        Ok(Self { sink: Box::pin(sink), chunk })
    }

    /// One more row.
    pub(super) async fn row(&mut self, cells: &[&(dyn Cell + Sync)]) -> Result<(), tokio_postgres::Error> {
        self.chunk.extend_from_slice(&i16::try_from(cells.len()).unwrap_or_default().to_be_bytes());
        for cell in cells {
            write_with_length(&mut self.chunk, |out| cell.write(out));
        }
        if self.chunk.len() < CHUNK {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK + 4096));
        self.sink.send(Bytes::from(full)).await
    }

    /// Ends the table and returns its number of rows.
    pub(super) async fn finish(mut self) -> Result<u64, tokio_postgres::Error> {
        self.chunk.extend_from_slice(&(-1_i16).to_be_bytes());
        self.sink.send(Bytes::from(self.chunk)).await?;
        self.sink.as_mut().finish().await
    }
}

/// Writes a length of four bytes and then what it is the length of.
fn write_with_length(out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>) -> Option<()>) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    let is_null = value(out).is_none();
    let length = if is_null { -1 } else { i32::try_from(out.len() - at - 4).unwrap_or_default() };
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

macro_rules! cells {
    ($($type:ty: $value:ident => $bytes:expr;)+) => {$(
        impl Cell for $type {
            fn write(&self, out: &mut Vec<u8>) -> Option<()> {
                let $value = self;
                out.extend_from_slice($bytes);
                Some(())
            }
        }
    )+};
}

cells! {
    i16: value => &value.to_be_bytes();
    i32: value => &value.to_be_bytes();
    i64: value => &value.to_be_bytes();
    bool: value => &[u8::from(*value)];
    &str: value => value.as_bytes();
    String: value => value.as_bytes();
    Uuid: value => value.as_bytes();
    DateTime<Utc>: value => &(value.timestamp_micros() - EPOCH_MICROS).to_be_bytes();
}

impl<T: Cell> Cell for Option<T> {
    fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        self.as_ref()?.write(out)
    }
}

/// An array whose elements have the type with this object identifier.
pub(super) struct Array<'a, T>(pub(super) u32, pub(super) &'a [T]);

/// The identifier of the type `text`.
pub(super) const TEXT: u32 = 25;
/// The identifier of the type `uuid`.
pub(super) const UUID: u32 = 2950;

impl<T: Cell> Cell for Array<'_, T> {
    fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let length = i32::try_from(self.1.len()).ok()?;
        // Dimensions, nulls, type; then length and lower bound of the one dimension.
        for field in [1, 0, i32::try_from(self.0).ok()?, length, 1] {
            out.extend_from_slice(&field.to_be_bytes());
        }
        for element in self.1 {
            write_with_length(out, |out| element.write(out));
        }
        Some(())
    }
}

/// The time from an instant until before another.
pub(super) struct During(pub(super) DateTime<Utc>, pub(super) DateTime<Utc>);

impl Cell for During {
    fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        // Lower bound included, upper bound not.
        out.push(0x02);
        write_with_length(out, |out| self.0.write(out));
        write_with_length(out, |out| self.1.write(out));
        Some(())
    }
}
